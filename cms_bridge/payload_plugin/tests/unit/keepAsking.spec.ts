/** Asking again: while the service is away, or as long as there is something to wait for. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { awayAgainMs, keepAsking } from '../../src/admin/shared/keepAsking.ts'
import { type Reply, toRefused } from '../../src/admin/shared/reply.ts'

const away = toRefused(503, { title: 'Render service away', code: 'service_away' })
const refused = toRefused(403, { title: 'Forbidden' })
const ok = (answer: string): Reply<string> => ({ ok: true, answer })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function asking(replies: (Error | Reply<string>)[], pause: null | number = null) {
  const told: (null | Reply<string>)[] = []
  const left = [...replies]
  const ask = async (signal: AbortSignal): Promise<Reply<string>> => {
    signal.throwIfAborted()
    const reply = left.shift()
    if (!reply || reply instanceof Error) throw reply ?? new Error('Asked too often.')
    return Promise.resolve(reply)
  }
  const end = keepAsking(ask, (reply) => {
    told.push(reply)
    return pause
  })
  return { end, told }
}

test('what is away, or answers nothing, is asked again until it is back', async () => {
  const { told } = asking([away, new Error('Cut off.'), toRefused(429, undefined), ok('here')])
  await vi.advanceTimersByTimeAsync(awayAgainMs)
  expect(told).toEqual([away, null])
  await vi.advanceTimersByTimeAsync(10 * awayAgainMs)
  expect(told).toEqual([away, null, toRefused(429, undefined), ok('here')])
})

test('what is refused stays so, and what is told is not asked for again', async () => {
  for (const reply of [refused, ok('once')]) {
    const { told } = asking([reply, reply])
    await vi.advanceTimersByTimeAsync(10 * awayAgainMs)
    expect(told).toEqual([reply])
  }
})

test('what moves is looked at again after its own pause, also past a failure', async () => {
  const { end, told } = asking([ok('40 %'), away, ok('60 %'), ok('80 %')], 1_000)
  await vi.advanceTimersByTimeAsync(1_000 + awayAgainMs + 500)
  expect(told).toEqual([ok('40 %'), away, ok('60 %')])
  end()
  await vi.advanceTimersByTimeAsync(10 * awayAgainMs)
  expect(told).toHaveLength(3)
})
