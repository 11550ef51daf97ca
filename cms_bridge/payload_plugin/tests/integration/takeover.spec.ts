/** A changed script is taken over into the scenes of a film, through a real Payload. */
import type { Price, StoryboardDoc, TakeoverOffer, VideoStatus } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { storyboardWrite } from '../support/samples.ts'

const bridge = new Bridge()
let cms: Cms
let mayWrite = true

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({
    bridgeUrl: bridge.url,
    plugin: {
      overrides: {
        storyboards: (collection) => ({
          ...collection,
          access: { ...collection.access, update: () => mayWrite },
        }),
      },
    },
  })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  mayWrite = true
  bridge.received.length = 0
})

const script = 'We open at nine.\n\nWe close at six.'
const later = 'We open at ten.\n\nWe close at six. Come in!'

/** A video whose storyboard is approved, and whose script was changed since. */
async function changed(now = later): Promise<{ storyboard: Doc; video: Doc }> {
  const video = await cms.makeVideo({ script, stage: 'submitted' })
  const { body } = await cms.putStoryboard(storyboardWrite(video))
  const storyboard = await cms.change('storyboards', body.id, { decision: 'approved' })
  await cms.change('videos', video.id, { script: now })
  return { storyboard, video }
}

const statusOf = async ({ id }: Doc): Promise<VideoStatus> =>
  (await cms.ask<VideoStatus>('GET', `/reelwright/videos/${String(id)}/status`)).body
const pathOf = ({ id }: Doc): string => `/reelwright/storyboards/${String(id)}/takeover`
const offered = async (storyboard: Doc): Promise<TakeoverOffer> => {
  const { body, status } = await cms.ask<TakeoverOffer>('GET', pathOf(storyboard))
  expect(status).toBe(200)
  return body
}
/** What the panel's button sends. */
const take = ({ id }: Doc, { revision, scenes, script: said }: TakeoverOffer) =>
  cms.ask<{ doc: StoryboardDoc; errors?: { message: string }[] }>(
    'PATCH',
    `/storyboards/${String(id)}?depth=0`,
    { revisionSeen: revision, scenes, script: said },
  )

test('the script that a storyboard was drafted from is kept with it', async () => {
  const { storyboard, video } = await changed()
  expect(storyboard).toMatchObject({ draftedScript: script, script })
  expect(await statusOf(video)).toMatchObject({ isStale: true, storyboard: { isBehind: true } })
})

test('only what says the changed sentences changes, and costs; then nothing is behind', async () => {
  const { storyboard, video } = await changed()
  const offer = await offered(storyboard)
  expect(offer).toMatchObject({ script: later, revision: 1, left: [] })
  expect(offer.changes.map(({ number }) => number)).toEqual([1, 2])
  expect(offer.scenes.map(({ narration }) => narration)).toEqual([
    'We open at ten.',
    'We close at six. Come in!',
  ])

  const amounts = { estimatedCost: '0.2', usualCost: '0.1', difference: '0.1' }
  const rest = { usualDifference: '0.05', toApprove: '0.2', needs: '0', lostAtMost: '0' }
  bridge.answers = { '/estimate': { status: 200, body: { ...amounts, ...rest, scenes: [] } } }
  const priced = `/reelwright/storyboards/${String(storyboard.id)}/price`
  const { body: price } = await cms.ask<Price>('POST', priced, { scenes: offer.scenes })
  expect(price.difference).toBe('0.1')
  expect(bridge.asked.at(-1)?.body).toMatchObject({
    storyboard: { scenes: [{ narration: 'We open at ten.' }, {}] },
  })

  const { body, status } = await take(storyboard, offer)
  expect(status).toBe(200)
  expect(body.doc).toMatchObject({ script: later, draftedScript: script, decision: 'pending' })
  expect(await statusOf(video)).toMatchObject({ isStale: false, storyboard: { isBehind: false } })
  await vi.waitFor(() => expect(bridge.types.at(-1)).toBe('storyboard.edited'))
  expect(bridge.received.at(-1)?.event.data).toMatchObject({
    storyboard: {
      scenes: [
        { id: 's1', narration: 'We open at ten.' },
        { id: 's2', duration: 4.5 },
      ],
    },
  })
  expect((await cms.ask('GET', pathOf(storyboard))).status).toBe(409)

  // Another word of the video is still told as changed.
  await cms.change('videos', video.id, { title: 'Hours' })
  expect((await statusOf(video)).isStale).toBe(true)
})

test('a script that goes back to what it was is no news, before and after', async () => {
  const { storyboard, video } = await changed()
  await cms.change('videos', video.id, { script })
  expect(await statusOf(video)).toMatchObject({ isStale: false, storyboard: { isBehind: false } })
  await cms.change('videos', video.id, { script: later })
  await take(storyboard, await offered(storyboard))
  await cms.change('videos', video.id, { script })
  expect(await statusOf(video)).toMatchObject({ storyboard: { isBehind: true } })
  await take(storyboard, await offered(storyboard))
  expect(await statusOf(video)).toMatchObject({ isStale: false, storyboard: { isBehind: false } })
  const { scenes } = (await cms.read('storyboards', storyboard.id)) as unknown as StoryboardDoc
  expect(scenes?.map(({ narration }) => narration)).toEqual([
    'We open at nine.',
    'We close at six.',
  ])
})

test('where only what no scene says has changed, leaving the scenes as they are is no edit', async () => {
  const { storyboard, video } = await changed(`# Hours\n\n${script}`)
  const { changes, left, revision, script: said } = await offered(storyboard)
  expect({ changes, left }).toMatchObject({ changes: [], left: [{ reason: 'heading' }] })
  const seen = { revisionSeen: revision, script: said }
  const saved = await cms.change('storyboards', storyboard.id, seen)
  expect(saved).toMatchObject({ revision, decision: 'approved' })
  expect((await statusOf(video)).storyboard?.isBehind).toBe(false)
})

test('a scene that says nothing any more is removed', async () => {
  const { storyboard } = await changed('We open at ten.')
  const offer = await offered(storyboard)
  expect(offer.changes).toMatchObject([{ number: 1 }, { number: 2, isRemoved: true }])
  const { body } = await take(storyboard, offer)
  expect(body.doc.scenes).toMatchObject([{ sceneId: 's1', narration: 'We open at ten.' }])
})

describe('nobody takes over', () => {
  test('into scenes that others have changed since', async () => {
    const { storyboard } = await changed()
    const offer = await offered(storyboard)
    const [first, second] = offer.scenes
    const edit = [
      { ...first, narration: 'We open at noon.' },
      { ...second, narration: 'Bye.' },
    ]
    await cms.change('storyboards', storyboard.id, { scenes: edit })
    const { body, status } = await take(storyboard, offer)
    expect(status).toBe(409)
    expect(body.errors?.[0]?.message).toMatch(/changed/)
    const { left } = await offered(storyboard)
    expect(left.map(({ reason }) => reason)).toEqual(['missing', 'place'])
  })

  test('without a word of what was looked at', async () => {
    const { storyboard } = await changed()
    const { scenes, script: said } = await offered(storyboard)
    const path = `/storyboards/${String(storyboard.id)}`
    expect((await cms.ask('PATCH', path, { scenes, script: said })).status).toBe(409)
    expect(await cms.read('storyboards', storyboard.id)).toMatchObject({ script, revision: 1 })
  })

  test('who may not change the storyboard, and nobody who is not signed in sees a word', async () => {
    const { storyboard } = await changed()
    const offer = await offered(storyboard)
    mayWrite = false
    expect((await take(storyboard, offer)).status).toBe(403)
    const anonymous = await cms.ask('GET', pathOf(storyboard), undefined, { anonymous: true })
    expect(anonymous.status).toBe(403)
  })

  test('by chance: a save that says nothing of the script leaves it, and restoring brings it back', async () => {
    const { storyboard, video } = await changed()
    await take(storyboard, await offered(storyboard))
    const forged = { title: 'Hours', draftedScript: 'Forged.' }
    const saved = await cms.change('storyboards', storyboard.id, forged)
    expect(saved).toMatchObject({ script: later, draftedScript: script })
    const { docs } = await cms.payload.findVersions({
      collection: 'storyboards',
      where: { parent: { equals: storyboard.id }, 'version.script': { equals: script } },
      sort: '-createdAt',
      limit: 1,
    })
    const restored = await cms.ask('POST', `/storyboards/versions/${String(docs[0]?.id)}`)
    expect(restored.status).toBe(200)
    expect(await cms.read('storyboards', storyboard.id)).toMatchObject({
      ...{ script, draftedScript: script },
      scenes: [{ narration: 'We open at nine.' }, { narration: 'We close at six.' }],
    })
    expect((await statusOf(video)).storyboard?.isBehind).toBe(true)
  })
})
