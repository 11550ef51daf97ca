/** A video whose words Payload keeps in several locales: one film of each, by what is its own. */
import type { CollectionConfig } from 'payload'
import type { CmsEvent, FilmLanguage, Submission, VideoStatus } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { type Database, emptyDatabases } from '../support/databases.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const inDrafts = (collection: CollectionConfig): CollectionConfig => ({
  ...collection,
  versions: { drafts: true },
})

const file = { duration: 5, width: 1920, height: 1080, bytes: 1000 }
const english = { title: 'Opening hours', script: 'We open at nine.' }
const german = { title: 'Öffnungszeiten', script: 'Wir öffnen um neun.' }

describe.each(Object.entries(emptyDatabases))('on %s', (_, begin) => {
  const bridge = new Bridge()
  let database: Database
  let cms: Cms
  let project: Doc

  beforeAll(async () => {
    await bridge.start()
    database = await begin()
    cms = await startCms({
      bridgeUrl: bridge.url,
      host: { localization: { locales: ['en', 'de'], defaultLocale: 'en', fallback: true } },
      plugin: { localized: true, overrides: { videos: inDrafts } },
      ...database.options,
    })
    project = await cms.make('projects', { name: 'Harbour tours' })
  })
  afterAll(async () => {
    await cms.close()
    await bridge.stop()
    await database.stop?.(cms)
  })
  beforeEach(() => {
    bridge.received.length = 0
  })

  async function told(): Promise<CmsEvent[]> {
    await vi.waitFor(
      async () => {
        const rows = await cms.outbox()
        expect(rows.filter(({ state }) => state === 'queued')).toEqual([])
      },
      { timeout: 8_000, interval: 25 },
    )
    return bridge.received.map(({ event }) => event)
  }
  const submissionsTold = async (): Promise<Submission[]> =>
    (await told()).flatMap((event) => (event.type === 'video.submitted' ? [event.data] : []))

  const save = ({ id }: Doc, data: object, locale = 'en') =>
    cms.change('videos', id, data, `&draft=true&fallback-locale=null&locale=${locale}`)
  const statusIn = async ({ id }: Doc, locale: string): Promise<VideoStatus> =>
    (await cms.ask<VideoStatus>('GET', `/reelwright/videos/${String(id)}/status?locale=${locale}`))
      .body
  const languagesOf = async ({ id }: Doc): Promise<FilmLanguage[]> =>
    (await cms.ask<FilmLanguage[]>('GET', `/reelwright/videos/${String(id)}/languages`)).body

  async function inBoth(): Promise<Doc> {
    const path = '/videos?depth=0&draft=true&locale=en'
    const { body } = await cms.ask<{ doc: Doc }>('POST', path, { project: project.id, ...english })
    await save(body.doc, german, 'de')
    return body.doc
  }

  /** A film's write-backs, as the service names it. */
  const ofGerman = ({ id, serviceId, ...video }: Doc): Doc => ({
    ...video,
    id: id + 10_000,
    serviceId: `${String(serviceId)}.de`,
  })

  test('each language is a video of its own, and keeps the scenes of the first', async () => {
    const video = await inBoth()
    await save(video, { stage: 'submitted' })
    await save(video, { stage: 'submitted' }, 'de')
    const [first, second] = await submissionsTold()
    expect(first).toMatchObject({
      ...{ videoId: video.serviceId, submission: 1 },
      brief: { ...english, locale: 'en', follows: '' },
    })
    expect(second).toMatchObject({
      ...{ videoId: `${String(video.serviceId)}.de`, submission: 2 },
      brief: { ...german, locale: 'de', follows: video.serviceId },
    })
  })

  test('what is submitted first is followed by the default language too, once', async () => {
    const video = await inBoth()
    await save(video, { stage: 'submitted' }, 'de')
    await save(video, { stage: 'submitted' })
    await save(video, { stage: 'resubmit' })
    expect((await submissionsTold()).map(({ brief }) => brief.follows)).toEqual([
      '',
      `${String(video.serviceId)}.de`,
      '',
    ])
  })

  test('what is written back of one shows in its language alone', async () => {
    const video = await inBoth()
    await save(video, { stage: 'submitted' })
    await save(video, { stage: 'submitted' }, 'de')
    await cms.putStoryboard(storyboardWrite(video))
    await cms.putRendition(renditionWrite(video, { status: 'completed', file }))
    const { body } = await cms.putStoryboard(storyboardWrite(ofGerman(video), { submission: 2 }))
    await cms.putRendition(
      renditionWrite(ofGerman(video), { submission: 2, status: 'storyboard_complete' }),
    )
    expect(await statusIn(video, 'en')).toMatchObject({ rendition: { status: 'completed' } })
    expect(await statusIn(video, 'de')).toMatchObject({
      ...{ submission: 2, rendition: { status: 'storyboard_complete' } },
      storyboard: { id: body.id, decision: 'pending' },
    })

    await cms.change('storyboards', body.id, { decision: 'approved', approvedCost: '0.0021' })
    const approval = (await told()).find(({ type }) => type === 'storyboard.approved')
    expect(approval?.data).toMatchObject({ jobId: storyboardWrite(ofGerman(video)).jobId })
    expect(await statusIn(video, 'en')).toMatchObject({ storyboard: { decision: 'pending' } })
  })

  test('words in another language are no film yet', async () => {
    const path = '/videos?depth=0&draft=true&locale=en'
    const { body } = await cms.ask<{ doc: Doc }>('POST', path, { project: project.id, ...english })
    const video = body.doc
    await save(video, { stage: 'submitted' })
    await cms.putStoryboard(storyboardWrite(video))
    await cms.putRendition(renditionWrite(video, { status: 'storyboard_complete' }))
    await save(video, german, 'de')
    expect(await languagesOf(video)).toMatchObject([
      { hasWords: true, status: { stage: 'submitted', submission: 1 } },
      { hasWords: true, status: { stage: 'draft', submission: 0, rendition: null } },
    ])
    expect(await submissionsTold()).toHaveLength(1)
  })

  test('an edit of one language’s words makes the film of that one stale, and no other', async () => {
    const video = await inBoth()
    await save(video, { stage: 'submitted' })
    await save(video, { stage: 'submitted' }, 'de')
    const stale = async () =>
      Object.fromEntries(
        (await languagesOf(video)).map(({ locale, status }) => [locale, status.isStale]),
      )
    expect(await stale()).toEqual({ en: false, de: false })
    await save(video, { script: 'Wir öffnen um zehn.' }, 'de')
    expect(await stale()).toEqual({ en: false, de: true })
    await save(video, { script: german.script }, 'de')
    expect(await stale()).toEqual({ en: false, de: false })
    await save(video, { style: 'Like a woodcut' })
    expect(await stale()).toEqual({ en: true, de: true })
  })

  test('a language without words says so, and cannot be submitted', async () => {
    const path = '/videos?depth=0&draft=true&locale=en'
    const { body } = await cms.ask<{ doc: Doc }>('POST', path, { project: project.id, ...english })
    expect(await languagesOf(body.doc)).toMatchObject([
      { locale: 'en', hasWords: true, status: { stage: 'draft' } },
      { locale: 'de', hasWords: false, status: { stage: 'draft' } },
    ])
    const address = `/videos/${String(body.doc.id)}?draft=true&fallback-locale=null&locale=de`
    expect((await cms.ask('PATCH', address, { stage: 'submitted' })).status).toBe(400)
    expect(await told()).toEqual([])
  })

  test('one language is cancelled alone, and all of them once with the video', async () => {
    const video = await inBoth()
    await save(video, { stage: 'submitted' })
    await save(video, { stage: 'submitted' }, 'de')
    await save(video, { stage: 'cancelled' }, 'de')
    expect(await statusIn(video, 'en')).toMatchObject({ stage: 'submitted' })
    expect(await statusIn(video, 'de')).toMatchObject({ stage: 'cancelled' })
    await save(video, { stage: 'resubmit' }, 'de')
    await cms.ask('PATCH', `/videos/${String(video.id)}`, { deletedAt: new Date().toISOString() })
    await cms.ask('DELETE', `/videos/${String(video.id)}?trash=true`)
    const cancelled = (await told()).flatMap((event) =>
      event.type === 'video.cancelled' ? [[event.data.videoId, event.data.submission]] : [],
    )
    const name = String(video.serviceId)
    expect(cancelled.toSorted()).toEqual(
      [
        [name, 1],
        [`${name}.de`, 2],
        [`${name}.de`, 3],
      ].toSorted(),
    )
  })

  test('a placeholder in one language keeps the video from being published', async () => {
    const video = await inBoth()
    await save(video, { stage: 'submitted' })
    await save(video, { stage: 'submitted' }, 'de')
    const warnings = [{ code: 'placeholder_used', message: 'A placeholder.', params: {} }]
    await cms.putRendition(
      renditionWrite(ofGerman(video), { submission: 2, status: 'completed', file, warnings }),
    )
    await cms.putRendition(renditionWrite(video, { status: 'completed', file }))
    const publish = () =>
      cms.ask('PATCH', `/videos/${String(video.id)}?locale=en`, { _status: 'published' })
    expect((await publish()).status).toBe(409)
    await cms.putRendition(
      renditionWrite(ofGerman(video), { submission: 2, sequence: 2, status: 'completed', file }),
    )
    expect((await publish()).status).toBe(200)
  })

  test('a duplicate begins in every language', async () => {
    const video = await inBoth()
    await save(video, { stage: 'submitted' }, 'de')
    const path = `/videos/${String(video.id)}/duplicate?depth=0&draft=true`
    const { body } = await cms.ask<{ doc: Doc }>('POST', path, {})
    expect(await languagesOf(body.doc)).toMatchObject([
      { hasWords: true, status: { stage: 'draft', submission: 0, isStale: false } },
      { hasWords: true, status: { stage: 'draft', submission: 0, isStale: false } },
    ])
  })
})
