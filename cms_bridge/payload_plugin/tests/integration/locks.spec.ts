/** A locked scene stays as it is, and where it is, whoever saves and whatever is drafted anew. */
import type { StoryboardChange, StoryboardWrite } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Answer, type Cms, type Doc, startCms } from '../support/cms.ts'
import { storyboardWrite } from '../support/samples.ts'

type Row = Record<string, unknown> & { id: string }

const bridge = new Bridge()
let cms: Cms
let video: Doc
let storyboard: Doc
let rows: Row[]

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({ bridgeUrl: bridge.url })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(async () => {
  video = await cms.makeVideo({ stage: 'submitted' })
  const { body } = await cms.putStoryboard(storyboardWrite(video))
  storyboard = await cms.change('storyboards', body.id, { decision: 'approved' })
  rows = storyboard.scenes as Row[]
  await told()
  bridge.received.length = 0
})

async function told(): Promise<StoryboardChange[]> {
  await vi.waitFor(
    async () => {
      const waiting = (await cms.outbox()).filter(({ state }) => state === 'queued')
      expect(waiting).toEqual([])
    },
    { timeout: 10_000, interval: 25 },
  )
  return bridge.received.map(({ event }) => event.data as StoryboardChange)
}

/** The rows by their ids alone, one of them changed: Payload keeps what is not told of them. */
const changed = (index: number, change: object): object[] =>
  rows.map(({ id }, at) => (at === index ? { id, ...change } : { id }))

const save = (scenes: object[], language = 'en'): Promise<Answer> =>
  cms.ask('PATCH', `/storyboards/${String(storyboard.id)}?depth=0`, { scenes }, { language })

const lock = (index: number, change: object = {}): Promise<Answer> =>
  save(changed(index, { locked: true, ...change }))

const scenesOf = async (id: unknown): Promise<Row[]> =>
  (await cms.read('storyboards', id)).scenes as Row[]

test('locking says nothing to the service, and keeps the approval', async () => {
  expect((await lock(1)).status).toBe(200)
  expect(await cms.read('storyboards', storyboard.id)).toMatchObject({
    decision: 'approved',
    scenes: [{ locked: false }, { locked: true }],
  })
  expect(await told()).toEqual([])
})

test('a save that changes, removes or moves it is refused in words', async () => {
  await lock(1, { narration: 'We close at seven.' })
  const message = async (scenes: object[], language?: string) => {
    const { body, status } = await save(scenes, language)
    expect(status).toBe(409)
    return (body.errors as { message: string }[])[0]?.message
  }
  const louder = changed(1, { narration: 'WE CLOSE.' })
  expect(await message(louder)).toBe('Scene 2 is locked. Unlock it to change it.')
  expect(await message(louder, 'de')).toBe('Szene 2 ist gesperrt. Zum Ändern bitte entsperren.')
  expect(await message(changed(1, {}).slice(0, 1))).toBe(
    'Scene 2 is locked. Unlock it to remove it.',
  )
  expect(await message(changed(1, {}).toReversed())).toBe(
    'Scene 2 is locked and keeps its place. Unlock it to move it, or another past it.',
  )
  const all = await cms.ask('PATCH', `/storyboards?where[id][equals]=${String(storyboard.id)}`, {
    scenes: louder,
  })
  expect(all.body.errors).toHaveLength(1)
  expect(await scenesOf(storyboard.id)).toMatchObject([{}, { narration: 'We close at seven.' }])
})

test('a program that overrides access is refused as well', async () => {
  await lock(1)
  const { id } = storyboard
  const scenes = changed(1, { pictureTake: 1 })
  const update = { collection: 'storyboards', id, data: { scenes }, overrideAccess: true } as const
  await expect(cms.payload.update(update)).rejects.toThrow('Scene 2 is locked')
})

test('the others are edited, and it is once it is unlocked in the same save', async () => {
  await lock(1)
  expect((await save(changed(0, { narration: 'We open at ten.' }))).status).toBe(200)
  expect((await save(changed(1, { locked: false, narration: 'Late.' }))).status).toBe(200)
  expect(await scenesOf(storyboard.id)).toMatchObject([
    { narration: 'We open at ten.' },
    { locked: false, narration: 'Late.' },
  ])
})

describe('a form that was opened before', () => {
  /** What a form posts: all that it has read, with what was changed in it. */
  const post = (read: Row[], index: number, change: object): Promise<Answer> =>
    save(read.map((row, at) => (at === index ? { ...row, ...change } : row)))

  test('somebody locked a scene does not unlock it, and changes the others', async () => {
    const read = await scenesOf(storyboard.id)
    await lock(1)
    expect((await post(read, 0, { narration: 'We open at ten.' })).status).toBe(200)
    expect(await scenesOf(storyboard.id)).toMatchObject([
      { narration: 'We open at ten.', locked: false },
      { narration: 'We close at six.', locked: true },
    ])
    expect((await post(read, 1, { narration: 'We never close.' })).status).toBe(409)
  })

  test('somebody unlocked one does not lock it again', async () => {
    await lock(1)
    const read = await scenesOf(storyboard.id)
    await save(changed(1, { locked: false, narration: 'We close at six.' }))
    expect((await post(read, 0, { narration: 'We open at ten.' })).status).toBe(200)
    expect(await scenesOf(storyboard.id)).toMatchObject([
      { narration: 'We open at ten.' },
      { locked: false },
    ])
  })

  test('locks and unlocks where that was done in it', async () => {
    const read = await scenesOf(storyboard.id)
    expect((await post(read, 1, { locked: true })).status).toBe(200)
    const locked = await scenesOf(storyboard.id)
    expect(locked).toMatchObject([{ locked: false }, { locked: true, lockedSeen: true }])
    expect((await post(locked, 1, { locked: false, narration: 'Late.' })).status).toBe(200)
    expect(await scenesOf(storyboard.id)).toMatchObject([
      {},
      { locked: false, lockedSeen: false, narration: 'Late.' },
    ])
  })
})

test('an old version brings back all but it', async () => {
  await save(changed(0, { narration: 'We open at ten.' }))
  await save(changed(1, { narration: 'We close at seven.' }))
  await lock(1)
  const path = `/storyboards/versions?sort=createdAt&where[parent][equals]=${String(storyboard.id)}`
  const { body } = await cms.ask<{ docs: Doc[] }>('GET', path)
  const oldest = await cms.ask('POST', `/storyboards/versions/${String(body.docs[0]?.id)}`)
  expect(oldest.status).toBe(200)
  expect(await scenesOf(storyboard.id)).toMatchObject([
    { narration: 'We open at nine.', locked: false },
    { narration: 'We close at seven.', locked: true },
  ])
})

describe('submitted anew', () => {
  const kept = 'We close at seven, on Sundays too.'
  let second: StoryboardWrite

  beforeEach(async () => {
    await lock(1, { narration: kept, pictureTake: 3 })
    await cms.change('videos', video.id, { stage: 'resubmit' })
    await told()
    bridge.received.length = 0
    second = storyboardWrite(video, { jobId: `job-${String(video.id)}-2`, submission: 2 })
  })

  test('the new draft has it, and the service is told of that once', async () => {
    const { body } = await cms.putStoryboard(second)
    await cms.putStoryboard(second)
    expect(await cms.read('storyboards', body.id)).toMatchObject({
      ...{ revision: 1, decision: 'pending' },
      scenes: [
        { narration: 'We open at nine.', locked: false },
        { narration: kept, pictureTake: 3, locked: true },
      ],
    })
    const [edit, ...others] = await told()
    expect(others).toEqual([])
    expect(edit).toMatchObject({
      ...{ jobId: second.jobId, revision: 1, by: '' },
      storyboard: { scenes: [{ id: 's1' }, { id: 's2', narration: kept, pictureTake: 3 }] },
    })
    expect((await save(changed(1, { narration: 'Else.' }))).status).toBe(409)
  })

  test('a draft that says the same is none that anybody has to be told of', async () => {
    const scenes = [...second.storyboard.scenes]
    scenes[1] = { ...scenes[1], id: 's2', narration: kept, pictureTake: 3 }
    const same = { ...second, storyboard: { ...second.storyboard, scenes } }
    const { body } = await cms.putStoryboard(same)
    expect(await cms.read('storyboards', body.id)).toMatchObject({
      ...{ revision: 0, scenes: [{ locked: false }, { locked: true }] },
    })
    expect(await told()).toEqual([])
  })

  test('a draft that nobody waits for any more stays as it was drafted', async () => {
    await cms.change('videos', video.id, { stage: 'resubmit' })
    await told()
    bridge.received.length = 0
    const { body } = await cms.putStoryboard(second)
    expect(await scenesOf(body.id)).toMatchObject([{}, { narration: 'We close at six.' }])
    expect(await told()).toEqual([])
  })
})
