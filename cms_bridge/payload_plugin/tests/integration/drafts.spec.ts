/** Drafts, autosave and several languages, switched on by the host: what is submitted is what was written. */
import type { CollectionConfig, Field } from 'payload'
import type { Brief, CmsEvent, VideoStatus } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { type Database, emptyDatabases } from '../support/databases.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const localised = (field: Field): Field =>
  'name' in field && ['brief', 'script', 'title'].includes(field.name)
    ? ({ ...field, localized: true } as Field)
    : field

const withDrafts = (collection: CollectionConfig): CollectionConfig => ({
  ...collection,
  fields: collection.fields.map(localised),
  versions: { drafts: { autosave: true } },
})

const file = { duration: 5, width: 1920, height: 1080, bytes: 1000 }

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
      host: { localization: { locales: ['en', 'de', 'pt'], defaultLocale: 'en', fallback: true } },
      plugin: { overrides: { videos: withDrafts } },
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
  const typesTold = async (): Promise<string[]> => (await told()).map(({ type }) => type)

  async function briefTold(): Promise<Brief> {
    const event = (await told()).find(({ type }) => type === 'video.submitted')
    if (event?.type !== 'video.submitted') throw new Error('Nothing was submitted.')
    return event.data.brief
  }

  const written = { title: 'Opening hours', script: 'We open at nine.' }

  /** Return a draft, as the admin makes it. */
  async function draft(data: object = written, query = ''): Promise<Doc> {
    const path = `/videos?depth=0&draft=true${query}`
    const { body } = await cms.ask<{ doc: Doc }>('POST', path, { project: project.id, ...data })
    return body.doc
  }
  const saveDraft = ({ id }: Doc, data: object, query = '') =>
    cms.ask('PATCH', `/videos/${String(id)}?depth=0&draft=true${query}`, data)
  const statusOf = async ({ id }: Doc): Promise<VideoStatus> =>
    (await cms.ask<VideoStatus>('GET', `/reelwright/videos/${String(id)}/status`)).body

  test('a draft that is submitted is sent as it was written, and shows its state', async () => {
    const video = await draft()
    await saveDraft(video, { script: 'We open at ten.', stage: 'submitted' })
    expect(await briefTold()).toMatchObject({ script: 'We open at ten.' })
    expect(await statusOf(video)).toMatchObject({ stage: 'submitted', submission: 1 })
    await cms.putRendition(renditionWrite(video, { status: 'generating' }))
    expect(await statusOf(video)).toMatchObject({ rendition: { status: 'generating' } })
    await saveDraft(video, { stage: 'cancelled' })
    expect(await statusOf(video)).toMatchObject({ stage: 'cancelled' })
    await saveDraft(video, { stage: 'resubmit' })
    expect(await statusOf(video)).toMatchObject({ stage: 'submitted', submission: 2 })
    expect(await typesTold()).toEqual(['video.submitted', 'video.cancelled', 'video.submitted'])
  })

  test('what is published stays as it is while a draft of it is submitted', async () => {
    const video = await draft()
    await cms.change('videos', video.id, { _status: 'published' })
    await saveDraft(video, { script: 'We open at ten.', stage: 'submitted' })
    expect(await briefTold()).toMatchObject({ script: 'We open at ten.' })
    expect(await cms.read('videos', video.id)).toMatchObject({
      ...{ _status: 'published', script: 'We open at nine.' },
      ...{ stage: 'submitted', submission: 1 },
    })
    const published = await cms.change('videos', video.id, { _status: 'published' })
    expect(published).toMatchObject({
      script: 'We open at ten.',
      stage: 'submitted',
      submission: 1,
    })
    expect(await typesTold()).toEqual(['video.submitted'])
  })

  test('an autosave that arrives late takes back nothing of a submission', async () => {
    const video = await draft()
    const late = { ...written, stage: 'draft', script: 'We open at n' }
    await saveDraft(video, { stage: 'submitted' })
    await saveDraft(video, late, '&autosave=true')
    await saveDraft(video, { ...late, submission: 0 }, '&autosave=true')
    expect(await statusOf(video)).toMatchObject({ stage: 'submitted', submission: 1 })
    expect(await briefTold()).toMatchObject(written)
    expect(await typesTold()).toEqual(['video.submitted'])
  })

  test('a draft without what the service needs is refused in words, and saved without it', async () => {
    const cases = [
      [{ script: 'Words.' }, 'Give the video a title first.'],
      [{ title: 'T' }, 'There is nothing to say. Write a script or at least a brief.'],
      [{ ...written, project: null }, 'Choose the project first.'],
    ] as const
    for (const [data, message] of cases) {
      const video = await draft(data)
      expect(await saveDraft(video, { stage: 'submitted' })).toMatchObject({
        status: 400,
        body: { errors: [{ message }] },
      })
      expect(await statusOf(video)).toMatchObject({ stage: 'draft', submission: 0 })
    }
    expect(await told()).toEqual([])
  })

  test('the words and the language are those in which it was submitted', async () => {
    const video = await draft({ ...written, locale: 'pt-BR' })
    await saveDraft(video, { title: 'Öffnungszeiten', script: 'Wir öffnen um neun.' }, '&locale=de')
    await saveDraft(video, { stage: 'submitted' }, '&locale=de')
    expect(await briefTold()).toMatchObject({
      ...{ title: 'Öffnungszeiten', script: 'Wir öffnen um neun.', brief: '', locale: 'de' },
    })
    bridge.received.length = 0
    await saveDraft(
      video,
      { title: 'Horário', script: 'Abrimos.', stage: 'resubmit' },
      '&locale=pt',
    )
    expect(await briefTold()).toMatchObject({ script: 'Abrimos.', locale: 'pt-BR' })
    bridge.received.length = 0
    await saveDraft(video, { stage: 'resubmit' }, '&locale=en')
    expect(await briefTold()).toMatchObject({ ...written, locale: 'en' })
  })

  test('words that are missing in a language are not spoken in another', async () => {
    const video = await draft()
    await saveDraft(video, { title: 'Öffnungszeiten' }, '&locale=de')
    const refused = await saveDraft(video, { stage: 'submitted' }, '&locale=de')
    expect(refused.status).toBe(400)
    expect(await told()).toEqual([])
  })

  test('a duplicate has every language, a title of its own in each, and no state', async () => {
    const video = await draft()
    await saveDraft(video, { title: 'Öffnungszeiten', script: 'Wir öffnen.' }, '&locale=de')
    await saveDraft(video, { stage: 'submitted' })
    await cms.change('videos', video.id, { _status: 'published' })
    const path = `/videos/${String(video.id)}/duplicate?depth=0&draft=true`
    const { body } = await cms.ask<{ doc: Doc }>('POST', path, {})
    const copy = `/videos/${String(body.doc.id)}?depth=0&draft=true&locale=all`
    expect((await cms.ask('GET', copy)).body).toMatchObject({
      title: { en: 'Opening hours (copy)', de: 'Öffnungszeiten (copy)' },
      script: { en: 'We open at nine.', de: 'Wir öffnen.' },
      ...{ _status: 'draft', stage: 'draft', submission: 0, retries: 0 },
    })
    expect(await statusOf(body.doc)).toMatchObject({ stage: 'draft', rendition: null })
  })

  test('changes of a finished film that were cancelled are taken up again', async () => {
    const video = await draft()
    await saveDraft(video, { stage: 'submitted' })
    const { body } = await cms.putStoryboard(storyboardWrite(video))
    await cms.putRendition(renditionWrite(video, { status: 'generating', file }))
    await saveDraft(video, { stage: 'cancelled' })
    await cms.change('storyboards', body.id, { title: 'Changed' })
    expect(await statusOf(video)).toMatchObject({ stage: 'submitted' })
    await saveDraft(video, { title: 'Changed' })
    await saveDraft(video, { stage: 'cancelled' })
    expect(await typesTold()).toEqual([
      ...['video.submitted', 'video.cancelled', 'storyboard.edited', 'video.cancelled'],
    ])
  })

  test('a draft that is put into the trash, or deleted, is cancelled once', async () => {
    const video = await draft()
    await saveDraft(video, { stage: 'submitted' })
    await cms.ask('PATCH', `/videos/${String(video.id)}`, { deletedAt: new Date().toISOString() })
    const path = `/videos/${String(video.id)}?trash=true`
    expect((await cms.ask('DELETE', path)).status).toBe(200)
    expect(await typesTold()).toEqual(['video.submitted', 'video.cancelled'])
  })
})
