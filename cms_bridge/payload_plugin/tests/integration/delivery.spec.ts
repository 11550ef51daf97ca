/** Delivery: nothing is lost, nothing overtakes, and what will never be taken is said. */
import type { PayloadRequest } from 'payload'
import type { VideoStatus } from 'payload-plugin-reelwright'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { runDue } from '../../src/outbox/poller.ts'
import { resolveSettings } from '../../src/settings.ts'
import { userName } from '../../src/user.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type CmsOptions, type Doc, startCms } from '../support/cms.ts'
import { plugin } from '../support/constants.ts'
import { storyboardWrite } from '../support/samples.ts'

let bridge: Bridge
let cms: Cms

beforeEach(async () => {
  bridge = await new Bridge().start()
})
afterEach(async () => {
  await cms.close()
  await bridge.stop()
})

async function start(options: Partial<CmsOptions> = {}): Promise<void> {
  cms = await startCms({ bridgeUrl: bridge.url, ...options })
}

const soon = { timeout: 8_000, interval: 25 }

async function statusOf(video: Doc): Promise<VideoStatus> {
  return (await cms.ask<VideoStatus>('GET', `/reelwright/videos/${String(video.id)}/status`)).body
}

describe('while the bridge is away', () => {
  test('saving goes on, the document says so, and all arrives in order once it is back', async () => {
    await start({ plugin: { deliver: { lastRetryMs: 300 } } })
    await bridge.stop()
    const video = await cms.makeVideo({ stage: 'submitted' })
    await cms.change('videos', video.id, { stage: 'cancelled' })
    await cms.change('videos', video.id, { stage: 'retry' })
    await vi.waitFor(async () => {
      expect((await statusOf(video)).delivery).toMatchObject({
        state: 'queued',
        type: 'video.submitted',
      })
      expect((await cms.outbox())[0]?.attempts).toBeGreaterThan(1)
    }, soon)
    const waiting = await cms.outbox()
    expect(waiting.map(({ attempts }) => attempts > 0)).toEqual([true, false, false])

    await bridge.start()

    await vi.waitFor(() => expect(bridge.types).toHaveLength(3), soon)
    expect(bridge.types).toEqual(['video.submitted', 'video.cancelled', 'video.retried'])
    await vi.waitFor(async () => expect((await statusOf(video)).delivery).toBeNull(), soon)
  })

  test('one video that waits does not hold up another', async () => {
    await start()
    bridge.answer = (event) => ({
      status: JSON.stringify(event).includes('Slow') ? 503 : 202,
    })
    const slow = await cms.makeVideo({ title: 'Slow', stage: 'submitted' })
    const quick = await cms.makeVideo({ title: 'Quick', stage: 'submitted' })
    await vi.waitFor(async () => {
      const states = new Map((await cms.outbox()).map((row) => [row.stream, row.state]))
      expect(states.get(`video:${String(quick.serviceId)}`)).toBe('delivered')
      expect(states.get(`video:${String(slow.serviceId)}`)).toBe('queued')
    }, soon)
  })
})

describe('an attempt', () => {
  test('is repeated after 5xx and 401 under the same id', async () => {
    await start()
    const answers = [500, 401, 429, 202]
    bridge.answer = () => ({ status: answers.shift() ?? 202 })
    await cms.makeVideo({ stage: 'submitted' })
    await vi.waitFor(() => expect(bridge.received).toHaveLength(4), soon)
    expect(new Set(bridge.received.map(({ id }) => id)).size).toBe(1)
    await vi.waitFor(
      async () =>
        expect((await cms.outbox())[0]).toMatchObject({ state: 'delivered', attempts: 4 }),
      soon,
    )
  })

  test('that takes too long is given up and repeated', async () => {
    await start({ plugin: { deliver: { timeoutMs: 150 } } })
    let slow = true
    bridge.answer = async () => {
      if (slow) await new Promise((resolve) => setTimeout(resolve, 600))
      slow = false
      return { status: 202 }
    }
    await cms.makeVideo({ stage: 'submitted' })
    await vi.waitFor(
      async () =>
        expect((await cms.outbox())[0]).toMatchObject({ state: 'delivered', lastError: null }),
      soon,
    )
    expect((await cms.outbox())[0]?.attempts).toBeGreaterThan(1)
  })

  test('that is refused for good is made once, and its reason is shown', async () => {
    await start()
    const detail = 'The script may be at most 40 characters; this is 41.'
    const params = { limit: 40, value: 41, unit: 'characters', nested: { ignored: true } }
    const body = { title: 'Limit', detail, code: 'limit_exceeded', params }
    bridge.answer = () => ({ status: 422, body })
    const video = await cms.makeVideo({ stage: 'submitted' })
    await vi.waitFor(async () => {
      expect((await statusOf(video)).delivery).toEqual({
        type: 'video.submitted',
        state: 'refused',
        attempts: 1,
        problem: {
          code: 'limit_exceeded',
          message: detail,
          params: { limit: 40, value: 41, unit: 'characters' },
        },
      })
    }, soon)
    expect(bridge.received).toHaveLength(1)
  })

  test('is the last one when nobody took the event for days', async () => {
    await start({ plugin: { deliver: { giveUpMs: 250 } } })
    bridge.answer = () => ({ status: 503 })
    await cms.makeVideo({ stage: 'submitted' })
    await vi.waitFor(async () => expect((await cms.outbox())[0]?.state).toBe('refused'), soon)
  })
})

describe('a wake-up that is lost', () => {
  test('with its process leaves a job that runs for ever, and the event is sent all the same', async () => {
    await start({ plugin: { deliver: { pollMs: 0 } } })
    await cms.makeVideo({ stage: 'submitted' })
    // What a process that was killed in the middle of its task leaves behind.
    await cms.payload.update({
      collection: 'payload-jobs',
      where: {},
      data: { processing: true },
    })
    expect(bridge.received).toEqual([])

    await runDue(cms.payload, resolveSettings({ ...plugin, bridgeUrl: bridge.url }))

    expect(bridge.types).toEqual(['video.submitted'])
  })

  test('in the middle of an attempt holds the event only until its claim ends', async () => {
    await start({ plugin: { deliver: { timeoutMs: 200, pollMs: 0 } } })
    await cms.makeVideo({ stage: 'submitted' })
    const [row] = await cms.outbox()
    await cms.payload.update({
      collection: 'reelwright-outbox',
      id: row?.id ?? 0,
      data: { attempts: 1, nextAttemptAt: new Date(Date.now() + 400).toISOString() },
    })
    const settings = resolveSettings({ ...plugin, bridgeUrl: bridge.url })
    await runDue(cms.payload, settings)
    expect(bridge.received).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 450))
    await runDue(cms.payload, settings)
    expect(bridge.types).toEqual(['video.submitted'])
  })
})

test('a transaction that is rolled back leaves no event and sends nothing', async () => {
  let fail = true
  const failing = ({ req }: { req: PayloadRequest }): void => {
    if (fail && req.payloadAPI === 'REST') throw new Error('a later hook fails')
  }
  await start({
    plugin: {
      overrides: {
        videos: (collection) => ({
          ...collection,
          hooks: {
            ...collection.hooks,
            afterChange: [...(collection.hooks?.afterChange ?? []), failing],
          },
        }),
      },
    },
  })
  const project = await cms.make('projects', { name: 'Harbour tours' })
  const data = { title: 'Lost', project: project.id, script: 'Words.', stage: 'submitted' }

  expect((await cms.ask('POST', '/videos', data)).status).toBe(500)

  expect(await cms.outbox()).toEqual([])
  expect((await cms.payload.count({ collection: 'payload-jobs' })).totalDocs).toBe(0)
  expect((await cms.ask('GET', '/videos')).body).toMatchObject({ totalDocs: 0 })

  fail = false
  await cms.make('videos', data)
  await vi.waitFor(() => expect(bridge.types).toEqual(['video.submitted']), soon)
})

test('an autosave keeps the text and emits nothing, even if it carries a stage', async () => {
  await start()
  const video = await cms.makeVideo()
  const path = `/videos/${String(video.id)}?autosave=true&depth=0`
  const { body } = await cms.ask<{ doc: Doc }>('PATCH', path, {
    stage: 'submitted',
    script: 'Half a sen',
  })
  expect(body.doc).toMatchObject({ stage: 'draft', script: 'Half a sen', submission: 0 })
  expect(await cms.outbox()).toEqual([])
})

test('many editors saving at once all succeed, and each event is sent once', async () => {
  await start()
  const project = await cms.make('projects', { name: 'Harbour tours' })
  const data = { title: 'One of many', project: project.id, script: 'Words.', stage: 'submitted' }
  const videos = await Promise.all(Array.from({ length: 20 }, () => cms.make('videos', data)))
  await vi.waitFor(async () => {
    const rows = await cms.outbox()
    expect(rows.filter(({ state }) => state === 'delivered')).toHaveLength(20)
  }, soon)
  const sent = bridge.received.map(({ event }) => (event.data as { videoId: string }).videoId)
  expect(sent.toSorted()).toEqual(videos.map(({ serviceId }) => serviceId).toSorted())
})

describe('what was refused', () => {
  test('is not sent again where it is an approval that was taken back: it would spend', async () => {
    await start({ plugin: { access: { administer: () => true } } })
    const video = await cms.makeVideo({ stage: 'submitted' })
    const { body } = await cms.putStoryboard(storyboardWrite(video))
    bridge.answer = () => ({ status: 422, body: { title: 'Not this one.', code: 'invalid' } })
    await cms.change('storyboards', body.id, { decision: 'approved' })
    const settled = async (state: string): Promise<number> => {
      const [event] = (await cms.outbox()).filter(({ type }) => type === 'storyboard.approved')
      expect(event?.state).toBe(state)
      return event?.id as number
    }
    const refused = await vi.waitFor(() => settled('refused'), soon)
    expect(await cms.read('storyboards', body.id)).toMatchObject({ decision: 'pending' })
    bridge.answer = () => ({ status: 202 })
    bridge.received.length = 0
    const send = (id: unknown) => cms.ask('POST', `/reelwright/deliveries/${String(id)}/send`, {})

    const refusal = { status: 409, body: { code: 'approval_void' } }
    expect(await send(refused)).toMatchObject(refusal)
    // Nor once a later revision is approved, which has an event of its own.
    await cms.change('storyboards', body.id, { decision: 'approved' })
    await vi.waitFor(() => expect(bridge.types).toEqual(['storyboard.approved']), soon)
    expect(await send(refused)).toMatchObject(refusal)
    expect(bridge.types).toEqual(['storyboard.approved'])
  })

  test('is sent again at once where it is an approval that stands and waits', async () => {
    const slow = { firstRetryMs: 3_600_000, lastRetryMs: 3_600_000 }
    await start({ plugin: { access: { administer: () => true }, deliver: slow } })
    const video = await cms.makeVideo({ stage: 'submitted' })
    const { body } = await cms.putStoryboard(storyboardWrite(video))
    await vi.waitFor(() => expect(bridge.types).toEqual(['video.submitted']), soon)
    bridge.answer = () => ({ status: 503 })
    await cms.change('storyboards', body.id, { decision: 'approved' })
    await vi.waitFor(() => expect(bridge.types).toHaveLength(2), soon)
    await vi.waitFor(async () => expect((await cms.outbox()).at(-1)?.lastError).toBeTruthy(), soon)
    bridge.answer = () => ({ status: 202 })
    const path = `/reelwright/deliveries/${String((await cms.outbox()).at(-1)?.id)}/send`
    expect((await cms.ask('POST', path, {})).status).toBe(204)
    await vi.waitFor(async () => expect((await cms.outbox()).at(-1)?.state).toBe('delivered'), soon)
  })

  test('is sent again by an administrator, once the service takes it, and by nobody else', async () => {
    await start({
      plugin: { access: { administer: ({ req }) => userName(req.user) === 'admin@example.org' } },
    })
    bridge.answer = () => ({ status: 422, body: { title: 'Not this one.', code: 'invalid' } })
    await cms.makeVideo({ stage: 'submitted' })
    await vi.waitFor(async () => expect((await cms.outbox())[0]?.state).toBe('refused'), soon)
    const [event] = await cms.outbox()
    const path = `/reelwright/deliveries/${String(event?.id)}/send`
    expect((await cms.ask('POST', path, {})).status).toBe(403)

    const administrator = await cms.signedInAs('admin@example.org')
    bridge.answer = () => ({ status: 202 })
    expect((await administrator.ask('POST', path, {})).status).toBe(204)
    await vi.waitFor(async () => expect((await cms.outbox())[0]?.state).toBe('delivered'), soon)
    // The same event, under the same name: the service would know it.
    expect(new Set(bridge.received.map(({ id }) => id)).size).toBe(1)
    expect((await administrator.ask('POST', path, {})).status).toBe(409)
    expect((await administrator.ask('POST', '/reelwright/deliveries/999/send', {})).status).toBe(
      404,
    )
  })
})
