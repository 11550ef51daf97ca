/** Acts that reach further than an editor sees: of many at once, of what others use, of raw values. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

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

async function told(): Promise<string[]> {
  await vi.waitFor(
    async () => {
      const rows = await cms.outbox()
      expect(rows.filter(({ state }) => state === 'queued')).toEqual([])
    },
    { timeout: 5_000, interval: 25 },
  )
  return bridge.types
}

/** Return a submitted video whose job stands where it is said. */
async function videoAt(status: 'completed' | 'failed' | 'generating'): Promise<Doc> {
  const video = await cms.makeVideo({ stage: 'submitted' })
  await told()
  await cms.putRendition(renditionWrite(video, { status }))
  bridge.received.length = 0
  return video
}

const idsOf = (videos: Doc[]): string =>
  `where[id][in]=${videos.map(({ id }) => String(id)).join(',')}`

describe('cancelling many at once', () => {
  test('stops what is at work and leaves what has ended as it is', async () => {
    const [finished, failed, running] = [
      await videoAt('completed'),
      await videoAt('failed'),
      await videoAt('generating'),
    ]
    const path = `/videos?${idsOf([finished, failed, running])}&depth=0`
    const { body } = await cms.ask<{ errors: unknown[] }>('PATCH', path, { stage: 'cancelled' })
    expect(body.errors).toEqual([])
    expect(await cms.read('videos', finished.id)).toMatchObject({ stage: 'submitted' })
    expect(await cms.read('videos', failed.id)).toMatchObject({ stage: 'submitted' })
    expect(await cms.read('videos', running.id)).toMatchObject({ stage: 'cancelled' })
    expect(await told()).toEqual(['video.cancelled'])
  })

  test('also stops the changes of a finished film that the service has only just been told', async () => {
    const video = await videoAt('completed')
    const { body } = await cms.putStoryboard(storyboardWrite(video))
    await cms.change('storyboards', body.id, { title: 'Changed', decision: 'approved' })
    await cms.change('videos', video.id, { stage: 'cancelled' })
    expect(await told()).toEqual(['storyboard.approved', 'video.cancelled'])
  })
})

describe('a stage that is written by hand', () => {
  test('makes no draft of what was submitted', async () => {
    const video = await videoAt('generating')
    for (const stage of ['draft', null]) {
      expect(await cms.change('videos', video.id, { stage })).toMatchObject({ stage: 'submitted' })
    }
    await cms.change('videos', video.id, { stage: 'cancelled' })
    expect(await cms.change('videos', video.id, { stage: 'draft' })).toMatchObject({
      stage: 'cancelled',
    })
    expect(await told()).toEqual(['video.cancelled'])
  })

  test('that nobody knows is refused, and changes nothing', async () => {
    const video = await videoAt('generating')
    const path = `/videos/${String(video.id)}`
    expect((await cms.ask('PATCH', path, { stage: 'published' })).status).toBe(400)
    expect(await cms.read('videos', video.id)).toMatchObject({ stage: 'submitted' })
    expect(await told()).toEqual([])
  })
})

describe('a project with videos', () => {
  test.for([
    ['en', 'This project is in use by 1 video, namely “Opening hours”. Delete or move it first.'],
    [
      'de',
      'Zu diesem Projekt gehört 1 Video, nämlich „Opening hours“. Bitte zuerst löschen oder verschieben.',
    ],
    ['es', 'Este proyecto lo usa 1 vídeo, a saber, «Opening hours». Bórrelo o muévalo primero.'],
    [
      'fr',
      'Ce projet est utilisé par 1 vidéo, à savoir « Opening hours ». Supprimez-la ou déplacez-la d’abord.',
    ],
  ] as const)(
    'is not deleted, alone or among others, and says so (%s)',
    async ([language, words]) => {
      const { project } = await cms.makeVideo()
      const alone = await cms.ask('DELETE', `/projects/${String(project)}`, undefined, { language })
      expect(alone).toMatchObject({ status: 409, body: { errors: [{ message: words }] } })
      const path = `/projects?where[id][in]=${String(project)}`
      const among = await cms.ask<{ errors: unknown }>('DELETE', path, undefined, { language })
      expect(among.body.errors).toEqual([expect.objectContaining({ message: words })])
      expect(await cms.read('projects', project)).toMatchObject({ id: project })
    },
  )

  test('names a few of them, also those in the trash, and counts the others', async () => {
    const { project } = await cms.makeVideo({ title: 'A' })
    for (const title of ['B', 'C: one, two', 'D', 'E']) await cms.make('videos', { title, project })
    const { docs } = await cms.payload.find({
      collection: 'videos',
      where: { title: { equals: 'E' } },
    })
    await cms.change('videos', docs[0]?.id, { deletedAt: new Date().toISOString() })
    expect(await cms.ask('DELETE', `/projects/${String(project)}`)).toMatchObject({
      status: 409,
      body: {
        errors: [
          {
            message:
              'This project is in use by 5 videos, namely “E” (in the trash), “D”, “C∶ one, two”, and 2 more. Delete or move them first.',
          },
        ],
      },
    })
  })
})

describe('a video that was submitted', () => {
  test('stays in its project, whoever moves it, alone or among others', async () => {
    const video = await videoAt('generating')
    const { id: elsewhere } = await cms.make('projects', { name: 'City walks' })
    const message =
      'This video was submitted in its project and stays there. A duplicate of it can be put into another.'
    const alone = await cms.ask('PATCH', `/videos/${String(video.id)}`, { project: elsewhere })
    expect(alone).toMatchObject({ status: 400, body: { errors: [{ message }] } })
    const among = await cms.ask<{ errors: unknown }>('PATCH', `/videos?${idsOf([video])}`, {
      project: elsewhere,
    })
    expect(among.body.errors).toEqual([expect.objectContaining({ message })])
    expect(await cms.read('videos', video.id)).toMatchObject({ project: video.project })
  })

  test('is moved as its duplicate, which is a draft with a title of its own', async () => {
    const video = await videoAt('completed')
    const { id: elsewhere } = await cms.make('projects', { name: 'City walks' })
    const path = `/videos/${String(video.id)}/duplicate?depth=0`
    const { body } = await cms.ask<{ doc: Doc }>('POST', path, undefined, { language: 'de' })
    const state = { stage: 'draft', submission: 0, retries: 0 }
    expect(body.doc).toMatchObject({ ...state, title: 'Opening hours (Kopie)' })
    const moved = await cms.change('videos', body.doc.id, { project: elsewhere })
    expect(moved).toMatchObject({ ...state, project: elsewhere })
    expect(await told()).toEqual([])
  })
})
