/** Revisions: a finished film is changed, and each moment of that is told as it is. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { actionsOf } from '../../src/admin/shared/submission.ts'
import type { VideoStatus } from '../../src/endpoints/contract.ts'
import { type Answer, Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { user } from '../support/constants.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const bridge = new Bridge()
let cms: Cms
let mayApprove = true
let approver = ''

beforeAll(async () => {
  await bridge.start()
  const approve = ({ req }: { req: { user?: { email?: string } | null } }) =>
    approver ? req.user?.email === approver : mayApprove
  cms = await startCms({
    bridgeUrl: bridge.url,
    plugin: { access: { approve } },
  })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  mayApprove = true
  approver = ''
  bridge.received.length = 0
  bridge.linkRequests = []
  bridge.links = {}
  bridge.answer = () => ({ status: 202 })
})

const file = {
  number: 1,
  storyboardRevision: 1,
  storyboardDigest: 'old',
  duration: 31.4,
  width: 1920,
  height: 1080,
  bytes: 4_200_000,
}

interface Filmed {
  video: Doc
  storyboard: Doc
  write: (changes: Parameters<typeof renditionWrite>[1]) => Promise<void>
}

/** A video whose film is finished, of the storyboard's first revision. */
async function filmed(): Promise<Filmed> {
  const video = await cms.makeVideo({ stage: 'submitted' })
  const { body } = await cms.putStoryboard(storyboardWrite(video))
  const storyboard = await cms.change('storyboards', body.id, { decision: 'approved' })
  let sequence = 10
  const write: Filmed['write'] = async (changes) => {
    sequence += 1
    const { status } = await cms.putRendition(renditionWrite(video, { sequence, ...changes }))
    expect(status).toBe(200)
  }
  const done = { status: 'completed', progress: 100, file, storyboardDigest: 'old' } as const
  await write({ ...done, storyboardRevision: 1 })
  await delivered(['video.submitted', 'storyboard.approved'])
  bridge.received.length = 0
  return { video, storyboard, write }
}

async function delivered(types: string[]): Promise<void> {
  await vi.waitFor(() => expect(bridge.types).toEqual(types), 5_000)
}

function status({ video }: Filmed): Promise<Answer & { body: Record<string, never> }> {
  return cms.ask('GET', `/reelwright/videos/${String(video.id)}/status`) as never
}

const edit = ({ storyboard }: Filmed, narration: string): Promise<Doc> => {
  const [first, ...others] = storyboard.scenes as Record<string, unknown>[]
  return cms.change('storyboards', storyboard.id, { scenes: [{ ...first, narration }, ...others] })
}

describe('an edit of a finished film', () => {
  test('is known to the service once that has written it back', async () => {
    const film = await filmed()
    expect((await status(film)).body).toMatchObject({ storyboard: { known: 'yes' } })
    await edit(film, 'We open at ten.')
    expect((await status(film)).body).toMatchObject({ storyboard: { known: 'soon' } })
    await delivered(['storyboard.edited'])
    expect((await status(film)).body).toMatchObject({ storyboard: { known: 'soon' } })
    const waiting = { status: 'storyboard_complete', file, storyboardDigest: 'new' } as const
    await film.write({ ...waiting, storyboardRevision: 2 })
    expect((await status(film)).body).toMatchObject({
      storyboard: { known: 'yes', decision: 'pending' },
      rendition: { status: 'storyboard_complete', file: { number: 1 } },
    })
  })

  test('that was refused is told as not known, and can be approved once the film is done', async () => {
    const film = await filmed()
    const code = 'illegal_move'
    bridge.answer = () => ({ status: 409, body: { code, detail: 'Not now.', params: {} } })
    await edit(film, 'We open at ten.')
    await delivered(['storyboard.edited'])
    await vi.waitFor(async () =>
      expect((await status(film)).body).toMatchObject({
        storyboard: { known: 'no' },
        delivery: { state: 'refused', problem: { code } },
      }),
    )
    bridge.answer = () => ({ status: 202 })
    const change = { decision: 'approved', approvedCost: '0.002100' }
    await cms.change('storyboards', film.storyboard.id, change)
    await delivered(['storyboard.edited', 'storyboard.approved'])
    expect(bridge.received[1]?.event.data).toMatchObject({
      revision: 3,
      estimatedCost: '0.002100',
      // To the service it is as new as with the edit that it refused, even if it stood there once.
      edited: true,
      storyboard: { scenes: [{ narration: 'We open at ten.' }, {}] },
    })
  })

  test('after its changes were cancelled is at work again, and can be cancelled once more', async () => {
    const film = await filmed()
    await edit(film, 'We open at ten.')
    await film.write({ status: 'storyboard_complete', file, storyboardRevision: 2 })
    await cms.change('videos', film.video.id, { stage: 'cancelled' })
    await film.write({ status: 'cancelled', file, storyboardRevision: 2 })
    await edit(film, 'We open at eleven.')
    expect(await cms.read('videos', film.video.id)).toMatchObject({ stage: 'submitted' })
    await film.write({ status: 'storyboard_complete', file, storyboardRevision: 3 })
    await cms.change('videos', film.video.id, { stage: 'cancelled' })
    const once = ['storyboard.edited', 'video.cancelled']
    await delivered([...once, ...once])
  })

  test('leaves a video cancelled that was never filmed', async () => {
    const video = await cms.makeVideo({ stage: 'submitted' })
    const { body } = await cms.putStoryboard(storyboardWrite(video))
    await cms.putRendition(renditionWrite(video, { status: 'storyboard_complete' }))
    await cms.change('videos', video.id, { stage: 'cancelled' })
    await cms.change('storyboards', body.id, { style: 'Ink' })
    expect(await cms.read('videos', video.id)).toMatchObject({ stage: 'cancelled' })
    await delivered(['video.submitted', 'video.cancelled', 'storyboard.edited'])
  })
})

describe('a first film whose storyboard is edited while it is made', () => {
  const refusal = { status: 409, body: { code: 'illegal_move', detail: 'Not now.', params: {} } }

  test.for(['cancelled', 'failed'] as const)(
    'is made with the edit once it is %s and approved',
    async (end) => {
      const video = await cms.makeVideo({ stage: 'submitted' })
      const { body } = await cms.putStoryboard(storyboardWrite(video))
      const storyboard = await cms.change('storyboards', body.id, { decision: 'approved' })
      let sequence = 10
      const write: Filmed['write'] = async (changes) => {
        sequence += 1
        const told = renditionWrite(video, { sequence, storyboardRevision: 1, ...changes })
        expect((await cms.putRendition(told)).status).toBe(200)
      }
      const film = { video, storyboard, write }
      await write({ status: 'generating', progress: 20 })
      await delivered(['video.submitted', 'storyboard.approved'])
      bridge.received.length = 0

      bridge.answer = () => refusal
      await edit(film, 'We open at ten.')
      await delivered(['storyboard.edited'])
      bridge.answer = () => ({ status: 202 })
      if (end === 'cancelled') await cms.change('videos', video.id, { stage: 'cancelled' })
      await write({ status: end, progress: 20 })
      await vi.waitFor(async () => {
        const { body: one } = await status(film)
        expect(one).toMatchObject({ storyboard: { decision: 'pending', known: 'no' } })
        const shown = one as unknown as VideoStatus
        expect(actionsOf(shown)).toMatchObject({ approve: true, retry: false })
      })
      // It would be made without the edit, whoever asks.
      const retry = await cms.ask('PATCH', `/videos/${String(video.id)}`, { stage: 'retry' })
      expect(retry.status).toBe(400)

      await cms.change('storyboards', storyboard.id, {
        ...{ decision: 'approved', approvedCost: '0.002100', revisionSeen: 2 },
      })
      const stopped = end === 'cancelled' ? ['video.cancelled'] : []
      await delivered(['storyboard.edited', ...stopped, 'storyboard.approved'])
      expect(bridge.received.at(-1)?.event.data).toMatchObject({
        ...{ revision: 3, edited: true, estimatedCost: '0.002100' },
        storyboard: { scenes: [{ narration: 'We open at ten.' }, {}] },
      })
      // What is being made is not said to be cancelled, and can be cancelled once more.
      expect(await cms.read('videos', video.id)).toMatchObject({ stage: 'submitted' })
      await write({ status: 'generating', progress: 20, storyboardRevision: 3 })
      await cms.change('videos', video.id, { stage: 'cancelled' })
      await vi.waitFor(() => expect(bridge.types.at(-1)).toBe('video.cancelled'), 5_000)
      expect(bridge.types.filter((type) => type === 'video.cancelled')).toHaveLength(
        stopped.length + 1,
      )
    },
  )
})

describe('a video that is submitted anew', () => {
  test('shows the film it had until there is another', async () => {
    const film = await filmed()
    expect((await status(film)).body).toMatchObject({ before: null })
    await cms.change('videos', film.video.id, { stage: 'resubmit' })
    expect((await status(film)).body).toMatchObject({
      rendition: null,
      before: { file: { number: 1 }, submission: 1 },
    })
    const again = await cms.read('videos', film.video.id)
    const whose = { jobId: 'job-again', submission: 2 }
    const done = renditionWrite(again, { ...whose, status: 'completed', progress: 100, file })
    expect((await cms.putRendition(done)).status).toBe(200)
    expect((await status(film)).body).toMatchObject({
      rendition: { file: { number: 1 }, submission: 2 },
      before: null,
    })
  })
})

describe('the films of a video', () => {
  const id = '0f3f5b0c-3a77-4c7e-9d3a-6a2f6b1f2c11'
  const one = { id, createdAt: '2026-11-29T04:00:00Z', ...file, exportId: null, fps: 30 }
  const changes = [
    { sceneId: 's2', number: 2, change: 'edited', parts: ['narration', 'smell'] },
    { sceneId: 's3', number: 3, change: 'forgotten', parts: [] },
  ]

  test('are counted without their exports, with what differs and nothing that the editor need not know', async () => {
    const film = await filmed()
    bridge.links = {
      renditions: [
        { ...one, number: 4, exportId: id },
        // An export of the first film came between, and was counted by the service.
        { ...one, number: 3, changes, retiredAt: null },
        { ...one, number: 2, exportId: id },
        { ...one, changes: [], retiredAt: '2026-12-01T04:00:00Z' },
      ],
    }
    const { body, status } = await cms.ask(
      'GET',
      `/reelwright/videos/${String(film.video.id)}/films`,
    )
    expect(status).toBe(200)
    const { bytes, duration, height, width } = file
    const told = [{ number: 2, change: 'edited', parts: ['narration'] }]
    const { createdAt } = one
    expect(body).toEqual([
      { id, number: 2, createdAt, bytes, duration, height, width, isKept: true, changes: told },
      { id, number: 1, createdAt, bytes, duration, height, width, isKept: false, changes: [] },
    ])
    expect(bridge.linkRequests[0]?.path).toBe(
      `/api/v1/videos/job-${String(film.video.id)}/renditions`,
    )
  })

  test('can each be watched', async () => {
    const film = await filmed()
    bridge.links = { video: { url: 'https://media.example/v.mp4' } }
    const { rendition } = (await status(film)).body as unknown as { rendition: Doc }
    const base = `/reelwright/renditions/${String(rendition.id)}/video`
    expect((await cms.ask('GET', `${base}?film=${id}`)).status).toBe(302)
    expect((await cms.ask('GET', `${base}?film=../../etc`)).status).toBe(302)
    const links = `/api/v1/videos/job-${String(film.video.id)}/links`.replace('/job', '/jobs/job')
    expect(bridge.linkRequests.map(({ path }) => path)).toEqual([`${links}?rendition=${id}`, links])
  })

  test('that are no longer kept are said to be so, where somebody asks for one', async () => {
    const film = await filmed()
    const detail = 'This rendition is no longer kept: a newer one stands in its place.'
    const gone = { status: 410, body: { code: 'rendition_retired', detail, params: {} } }
    bridge.answers = { '/links': gone, '/captions.vtt': gone }
    const { rendition } = (await status(film)).body as unknown as { rendition: Doc }
    const base = `/reelwright/renditions/${String(rendition.id)}`
    for (const medium of ['video', 'download', 'captions.vtt']) {
      const answer = await cms.ask('GET', `${base}/${medium}?film=${id}`)
      expect(answer.status).toBe(410)
    }
    bridge.answers = {}
  })

  test('are told to nobody without signing in', async () => {
    const film = await filmed()
    const path = `/reelwright/videos/${String(film.video.id)}/films`
    const { status } = await cms.ask('GET', path, undefined, { anonymous: true })
    expect([401, 403, 404]).toContain(status)
    expect(bridge.linkRequests).toEqual([])
  })
})

test('one who may not approve is told who may', async () => {
  const film = await filmed()
  await film.write({ status: 'storyboard_complete', file, storyboardRevision: 1 })
  const email = 'ann@example.com'
  await cms.make('users', { email, password: 'a-password-of-ann' })
  approver = email
  expect((await status(film)).body).toMatchObject({ mayApprove: false, approvers: [email] })
  approver = user.email
  expect((await status(film)).body).toMatchObject({ mayApprove: true, approvers: [] })
})
