/** How long a reading is asked after, and what is heard of it meanwhile. */
import { expect, test } from 'vitest'

import {
  haveRead,
  isGuessed,
  isRead,
  isUnread,
  waitFor,
} from '../../src/admin/animatic/readings.ts'
import type { Reading } from '../../src/endpoints/contract.ts'
import type { TimelinePreview } from '../../src/generated/timeline.ts'

/** Play a bridge that answers so, the last for ever; return what came of it. */
async function played(answers: (null | Reading)[]) {
  const waits: number[] = []
  let asks = 0
  let refreshes = 0
  const hasVoice = await haveRead({
    ask: () => {
      asks += 1
      return Promise.resolve(answers[Math.min(asks, answers.length) - 1] ?? null)
    },
    heard: () => {
      refreshes += 1
      return Promise.resolve()
    },
    wait: (ms) => {
      waits.push(ms)
      return Promise.resolve()
    },
  })
  return { asks, hasVoice, refreshes, waits }
}

const underWay = (left: number): Reading => ({ state: 'under_way', left })
const ready: Reading = { state: 'ready', left: 0 }

test('it is asked after until all is read, and heard scene by scene', async () => {
  const told = await played([underWay(3), underWay(3), underWay(1), ready])
  expect(told).toEqual({ asks: 4, hasVoice: true, refreshes: 2, waits: [1000, 1000, 1000] })
})

test('where no voice is free nothing is waited for', async () => {
  const told = await played([{ state: 'silent', left: 0 }])
  expect(told).toEqual({ asks: 1, hasVoice: false, refreshes: 0, waits: [] })
})

test('what failed, and who does not answer, is left alone', async () => {
  for (const answer of [{ state: 'failed', left: 2 } as const, null]) {
    expect(await played([answer])).toMatchObject({ asks: 1, hasVoice: true, refreshes: 0 })
  }
})

test('one that waits for other work is asked after less often, and not for ever', async () => {
  const { asks, refreshes, waits } = await played([underWay(2)])
  expect([asks, refreshes]).toEqual([60, 0])
  expect([waits[0], waits.at(-1)]).toEqual([1000, 5000])
})

test('a wait that is called off ends at once', async () => {
  const abort = new AbortController()
  const waiting = waitFor(60_000, abort.signal)
  abort.abort()
  await expect(waiting).rejects.toThrow()
  await expect(waitFor(60_000, abort.signal)).rejects.toThrow()
})

const asset = { id: 'a' }
const saying = (narration: object) =>
  ({
    scenes: [{ narration: { text: 'Bread.', asset: null, reading: null, ...narration } }],
  }) as unknown as TimelinePreview

test('what is heard of a narration is the film’s own, a reading, or nothing yet', () => {
  const unread = saying({ estimated: true })
  expect([isUnread(unread), isRead(unread), isGuessed(unread)]).toEqual([true, false, true])
  const read = saying({ estimated: true, reading: asset })
  expect([isUnread(read), isRead(read), isGuessed(read)]).toEqual([false, true, false])
  const spoken = saying({ estimated: false, asset })
  expect([isUnread(spoken), isRead(spoken), isGuessed(spoken)]).toEqual([false, false, false])
})
