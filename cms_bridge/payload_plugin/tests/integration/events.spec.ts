/** Events: exactly one for each step an editor takes, none for anything else. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { CmsEvent, StoryboardChange } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import type { VideoStatus } from '../../src/endpoints/contract.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const bridge = new Bridge()
let cms: Cms

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({ bridgeUrl: bridge.url })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  bridge.received.length = 0
})

/** Wait until everything in the outbox is delivered, then tell what arrived. */
async function delivered(): Promise<CmsEvent[]> {
  await vi.waitFor(
    async () => {
      const rows = await cms.outbox()
      expect(rows.filter(({ state }) => state === 'queued')).toEqual([])
    },
    { timeout: 5_000, interval: 25 },
  )
  return bridge.received.map(({ event }) => event)
}

const file = { duration: 5, width: 1920, height: 1080, bytes: 1000 }
const typesOf = (events: CmsEvent[]): string[] => events.map(({ type }) => type)

async function submittedVideo(): Promise<Doc> {
  const video = await cms.makeVideo({ stage: 'submitted' })
  await delivered()
  bridge.received.length = 0
  return video
}

async function draftedStoryboard(video: Doc): Promise<Doc> {
  const { body } = await cms.putStoryboard(storyboardWrite(video))
  return cms.read('storyboards', body.id)
}

/** What the service calls the project of a video. */
const projectName = async ({ project }: Doc): Promise<unknown> =>
  (await cms.read('projects', project)).serviceId

describe('a video', () => {
  test('is announced once when it is submitted, with everything needed to film it', async () => {
    const video = await cms.makeVideo({
      locale: 'pt-BR',
      style: 'watercolour',
      musicMood: 'warm',
    })
    expect(await delivered()).toEqual([])

    const saved = await cms.change('videos', video.id, { stage: 'submitted' })

    const [event, ...others] = await delivered()
    expect(others).toEqual([])
    expect(event).toMatchObject({
      type: 'video.submitted',
      data: {
        project: { id: await projectName(video), name: 'Harbour tours' },
        videoId: video.serviceId,
        submission: 1,
        version: saved.updatedAt,
        brief: {
          title: 'Opening hours',
          script: 'We open at nine.\n\nWe close at six.',
          locale: 'pt-BR',
          style: 'watercolour',
          aspectRatio: '16:9',
          palette: { background: '#14213d', foreground: '#ffffff', accent: '#fca311' },
          music: 'warm',
        },
      },
    })
  })

  test.for([
    // As the project has it, unless the video decides.
    [{}, {}, false],
    [{ disclosure: true }, {}, true],
    [{ disclosure: true }, { disclosure: 'off' }, false],
    [{}, { disclosure: 'on' }, true],
  ] as const)('of %j and %j asks for a label that it was made with AI: %j', async (given) => {
    const [ofProject, ofVideo, asked] = given
    const project = await cms.make('projects', { name: 'Bakery', ...ofProject })
    await cms.makeVideo({ project: project.id, stage: 'submitted', ...ofVideo })
    const [event] = await delivered()
    expect(event?.data).toMatchObject({ brief: { disclosure: asked } })
  })

  test('counts as changed once it decides on its label, and not for the field’s sake', async () => {
    const video = await submittedVideo()
    const path = `/reelwright/videos/${String(video.id)}/status`
    const isStale = async () => (await cms.ask<VideoStatus>('GET', path)).body.isStale
    const { said } = await cms.read('videos', video.id)
    const words = {
      ...{ title: 'Opening hours', brief: '', script: 'We open at nine.\n\nWe close at six.' },
      ...{ style: '', voice: '', speakers: [], speed: null, locale: 'en', aspectRatio: '16:9' },
      music: null,
    }
    const before = createHash('sha256').update(JSON.stringify(words)).digest('hex')
    expect(said, 'as it was told before there were labels').toBe(before)
    expect(await isStale()).toBe(false)
    await cms.change('videos', video.id, { disclosure: 'on' })
    expect(await isStale()).toBe(true)
  })

  test('is announced promptly after the save', async () => {
    const before = Date.now()
    await cms.makeVideo({ stage: 'submitted' })
    await vi.waitFor(() => expect(bridge.types).toEqual(['video.submitted']), { interval: 10 })
    expect(Date.now() - before).toBeLessThan(1_500)
  })

  test('says nothing when a submitted video is edited or saved again', async () => {
    const video = await submittedVideo()
    await cms.change('videos', video.id, { script: 'Something else.' })
    await cms.change('videos', video.id, { stage: 'submitted' })
    expect(await delivered()).toEqual([])
  })

  test('counts its submissions', async () => {
    const video = await submittedVideo()
    await cms.change('videos', video.id, { stage: 'resubmit', script: 'Anew.' })
    const saved = await cms.read('videos', video.id)
    expect(saved).toMatchObject({ stage: 'submitted', submission: 2 })
    const events = await delivered()
    expect(typesOf(events)).toEqual(['video.submitted'])
    expect(events[0]?.data).toMatchObject({
      submission: 2,
      brief: { script: 'Anew.', music: null },
    })
  })

  test('is cancelled once, and tried again once', async () => {
    const video = await submittedVideo()
    await cms.change('videos', video.id, { stage: 'cancelled' })
    await cms.change('videos', video.id, { stage: 'cancelled' })
    await cms.change('videos', video.id, { stage: 'retry' })
    expect(await cms.read('videos', video.id)).toMatchObject({ stage: 'submitted', submission: 1 })
    const events = await delivered()
    expect(typesOf(events)).toEqual(['video.cancelled', 'video.retried'])
    const reference = { projectId: await projectName(video), videoId: video.serviceId }
    expect(events.map(({ data }) => data)).toEqual([
      { ...reference, submission: 1 },
      { ...reference, submission: 1 },
    ])
  })

  test('is cancelled when it is deleted, and takes what was made of it along', async () => {
    const video = await submittedVideo()
    await draftedStoryboard(video)
    await cms.putRendition(renditionWrite(video))
    expect((await cms.ask('DELETE', `/videos/${String(video.id)}`)).status).toBe(200)
    expect(typesOf(await delivered())).toEqual(['video.cancelled'])
    const where = `?where[jobId][equals]=job-${String(video.id)}`
    for (const collection of ['storyboards', 'renditions']) {
      expect((await cms.ask('GET', `/${collection}${where}`)).body).toMatchObject({ totalDocs: 0 })
    }
  })

  test('that is finished is deleted without a word to the service', async () => {
    const video = await submittedVideo()
    await cms.putRendition(renditionWrite(video, { status: 'completed', progress: 100 }))
    await cms.ask('DELETE', `/videos/${String(video.id)}`)
    expect(await delivered()).toEqual([])
  })

  test('starts as a draft when it is a duplicate of a submitted one', async () => {
    const video = await submittedVideo()
    const { body } = await cms.ask<{ doc: Doc }>('POST', `/videos/${String(video.id)}/duplicate`)
    expect(body.doc).toMatchObject({ stage: 'draft', submission: 0, retries: 0 })
    expect(await delivered()).toEqual([])
  })

  test('tells of the step even when the caller selects other fields', async () => {
    const video = await cms.makeVideo()
    await cms.change('videos', video.id, { stage: 'submitted' }, '&select[title]=true')
    expect(typesOf(await delivered())).toEqual(['video.submitted'])
  })
})

describe('a storyboard', () => {
  test('is drafted by the service without an event', async () => {
    const video = await submittedVideo()
    const storyboard = await draftedStoryboard(video)
    expect(storyboard).toMatchObject({ decision: 'pending', revision: 0, title: 'Opening hours' })
    expect(await delivered()).toEqual([])
  })

  test('is sent whole when somebody edits it, with a revision that counts up', async () => {
    const storyboard = await draftedStoryboard(await submittedVideo())
    const [first, second] = storyboard.scenes as Record<string, unknown>[]
    await cms.change('storyboards', storyboard.id, {
      scenes: [{ ...first, narration: 'We open at ten.' }, second],
    })
    await cms.change('storyboards', storyboard.id, { title: 'New hours' })
    const events = await delivered()
    expect(typesOf(events)).toEqual(['storyboard.edited', 'storyboard.edited'])
    const changes = events.map(({ data }) => data as StoryboardChange)
    expect(changes.map(({ revision }) => revision)).toEqual([1, 2])
    expect(changes[0]).toMatchObject({
      jobId: storyboard.jobId,
      storyboardId: String(storyboard.id),
      by: 'editor@example.org',
      storyboard: {
        scenes: [
          { id: 's1', narration: 'We open at ten.', duration: null, motion: 'zoom_in' },
          { id: 's2', duration: 4.5, motion: 'pan_left', transition: 'crossfade' },
        ],
      },
    })
  })

  test('says nothing when it is saved unchanged', async () => {
    const storyboard = await draftedStoryboard(await submittedVideo())
    await cms.change('storyboards', storyboard.id, { scenes: storyboard.scenes })
    expect(await delivered()).toEqual([])
  })

  test('is approved once, by name', async () => {
    const storyboard = await draftedStoryboard(await submittedVideo())
    const approved = await cms.change('storyboards', storyboard.id, { decision: 'approved' })
    expect(approved).toMatchObject({ decision: 'approved', approvedBy: 'editor@example.org' })
    await cms.change('storyboards', storyboard.id, { decision: 'approved' })
    const events = await delivered()
    expect(typesOf(events)).toEqual(['storyboard.approved'])
    expect(events[0]?.data).toMatchObject({ by: 'editor@example.org', revision: 1 })
  })

  test('loses its approval by an edit, and keeps it when a stale form says pending', async () => {
    const storyboard = await draftedStoryboard(await submittedVideo())
    await cms.change('storyboards', storyboard.id, { decision: 'approved' })
    const stale = await cms.change('storyboards', storyboard.id, { decision: 'pending' })
    expect(stale.decision).toBe('approved')
    const edited = await cms.change('storyboards', storyboard.id, { title: 'Changed' })
    expect(edited).toMatchObject({ decision: 'pending', approvedBy: null, approvedAt: null })
    expect(typesOf(await delivered())).toEqual(['storyboard.approved', 'storyboard.edited'])
  })

  test('is edited and approved in one save with one event, that of the approval', async () => {
    const storyboard = await draftedStoryboard(await submittedVideo())
    const change = { title: 'Final', decision: 'approved' }
    await cms.change('storyboards', storyboard.id, change)
    const events = await delivered()
    expect(typesOf(events)).toEqual(['storyboard.approved'])
    expect(events[0]?.data).toMatchObject({ storyboard: { title: 'Final' } })
  })

  test('gives each new or duplicated scene an id of its own, and keeps the others', async () => {
    const storyboard = await draftedStoryboard(await submittedVideo())
    const [first, second] = storyboard.scenes as Record<string, unknown>[]
    const copy = { ...first, id: undefined }
    const saved = await cms.change('storyboards', storyboard.id, {
      scenes: [first, copy, { narration: 'New.' }, second],
    })
    const ids = (saved.scenes as { sceneId: string }[]).map(({ sceneId }) => sceneId)
    expect([ids[0], ids[3]]).toEqual(['s1', 's2'])
    expect(new Set(ids).size).toBe(4)
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
  })
})

describe('a storyboard that was deleted', () => {
  test('goes on with its revisions when the service writes it once more: each edit is told', async () => {
    const video = await submittedVideo()
    const storyboard = await draftedStoryboard(video)
    await cms.change('storyboards', storyboard.id, { title: 'One' })
    await cms.change('storyboards', storyboard.id, { title: 'Two' })
    await cms.ask('DELETE', `/storyboards/${String(storyboard.id)}`)
    const again = await draftedStoryboard(video)
    expect(again).toMatchObject({ revision: 2, title: 'Opening hours' })
    await cms.change('storyboards', again.id, { title: 'Three' })
    const changes = (await delivered()).map(({ data }) => data as StoryboardChange)
    expect(changes.map(({ revision, storyboard: { title } }) => [revision, title])).toEqual([
      ...[
        [1, 'One'],
        [2, 'Two'],
        [3, 'Three'],
      ],
    ])
  })
})

describe('a write-back that is older than what the service was told since', () => {
  test('does not make finished what can still be stopped', async () => {
    const video = await submittedVideo()
    const storyboard = await draftedStoryboard(video)
    await cms.putRendition(renditionWrite(video, { status: 'completed', file }))
    await cms.change('storyboards', storyboard.id, { title: 'Changed', decision: 'approved' })
    await delivered()
    const late = renditionWrite(video, { sequence: 2, status: 'completed', file })
    await cms.putRendition({ ...late, storyboardRevision: 0 })
    await cms.change('videos', video.id, { deletedAt: new Date().toISOString() })
    expect(typesOf(await delivered())).toEqual(['storyboard.approved', 'video.cancelled'])
  })

  test('and an edit of an older submission leaves the newer one’s film finished', async () => {
    const video = await submittedVideo()
    const storyboard = await draftedStoryboard(video)
    await cms.change('videos', video.id, { stage: 'resubmit' })
    const second = { jobId: `job-${String(video.id)}-2`, submission: 2, file }
    await cms.putRendition(renditionWrite(video, { ...second, status: 'completed' }))
    await cms.change('storyboards', storyboard.id, { title: 'Changed' })
    const saved = await cms.change('videos', video.id, { stage: 'cancelled' })
    expect(saved.stage).toBe('submitted')
    expect(typesOf(await delivered())).toEqual(['video.submitted', 'storyboard.edited'])
  })
})

describe('an old version that is restored', () => {
  async function restore(collection: string, id: unknown, index: number): Promise<Doc> {
    const path = `/${collection}/versions?sort=createdAt&where[parent][equals]=${String(id)}`
    const { body } = await cms.ask<{ docs: Doc[] }>('GET', path)
    const version = String(body.docs.at(index)?.id)
    const answer = await cms.ask('POST', `/${collection}/versions/${version}`)
    expect(answer).toMatchObject({ status: 200 })
    return cms.read(collection, id)
  }

  test('brings back the text of a video and neither its stage nor its counters', async () => {
    const video = await submittedVideo()
    await cms.change('videos', video.id, { stage: 'cancelled', script: 'Later words.' })
    await cms.change('videos', video.id, { script: 'Latest words.' })
    await delivered()
    bridge.received.length = 0
    expect(await restore('videos', video.id, 0)).toMatchObject({
      script: 'We open at nine.\n\nWe close at six.',
      stage: 'cancelled',
      submission: 1,
    })
    expect(await delivered()).toEqual([])
  })

  test('is an edit of a storyboard, and no approval', async () => {
    const storyboard = await draftedStoryboard(await submittedVideo())
    await cms.change('storyboards', storyboard.id, { decision: 'approved' })
    await cms.change('storyboards', storyboard.id, { title: 'Changed' })
    await delivered()
    bridge.received.length = 0
    expect(await restore('storyboards', storyboard.id, 1)).toMatchObject({
      title: 'Opening hours',
      decision: 'pending',
      revision: 3,
    })
    const events = await delivered()
    expect(typesOf(events)).toEqual(['storyboard.edited'])
    expect(events[0]?.data).toMatchObject({ revision: 3, storyboard: { title: 'Opening hours' } })
  })
})

test('writing back emits nothing, however often', async () => {
  const video = await submittedVideo()
  await draftedStoryboard(video)
  for (let sequence = 1; sequence <= 5; sequence += 1) {
    await cms.putRendition(renditionWrite(video, { sequence, progress: sequence * 20 }))
  }
  expect(await delivered()).toEqual([])
})

test('every event fits the schema that the bridge decodes with', async () => {
  const schema = new URL('../../../../specs/events.schema.json', import.meta.url)
  const fits = new Ajv2020({ strict: false, discriminator: false }).compile(
    JSON.parse(await readFile(schema, 'utf8')) as object,
  )
  const video = await cms.makeVideo({ stage: 'submitted' })
  const storyboard = await draftedStoryboard(video)
  await cms.change('storyboards', storyboard.id, { title: 'Edited' })
  await cms.change('storyboards', storyboard.id, { decision: 'approved' })
  await cms.change('videos', video.id, { stage: 'cancelled' })
  await cms.change('videos', video.id, { stage: 'retry' })
  const events = await delivered()
  expect(new Set(typesOf(events)).size).toBe(5)
  for (const event of events) expect(fits(event) || fits.errors).toBe(true)
})
