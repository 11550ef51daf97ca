/** A site: it finds the film of a video, and its visitors watch what they are let. */
import type { CollectionConfig, Where } from 'payload'
import { findFilm } from 'payload-plugin-reelwright'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { ReelwrightPlayer } from '../../src/exports/player.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { emptyDatabases } from '../support/databases.ts'
import { renditionWrite } from '../support/samples.ts'

const bridge = new Bridge()
const file = { duration: 5, width: 1920, height: 1080, bytes: 1000 }
const said = 'WEBVTT\n\n00:00.000 --> 00:02.000\nWe open at nine.\n'
const film = '2b1c9b7e-9d0c-4a51-8a43-0d5b4c5b7a11'
let cms: Cms
let mayWatch: boolean | Where

const inDrafts = (collection: CollectionConfig): CollectionConfig => ({
  ...collection,
  trash: true,
  versions: { drafts: true },
})

beforeAll(async () => {
  await bridge.start()
  bridge.links = { video: { url: 'https://media.example/v.mp4?s=1' } }
  cms = await startCms({
    bridgeUrl: bridge.url,
    host: { localization: { locales: ['en', 'de'], defaultLocale: 'en', fallback: true } },
    plugin: {
      access: { watch: () => mayWatch },
      localized: true,
      overrides: { videos: inDrafts },
      slugs: { renditions: 'films' },
    },
    ...(await emptyDatabases.SQLite?.())?.options,
  })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  mayWatch = { _status: { equals: 'published' } }
  bridge.linkRequests = []
})

/** Return a draft and the rendition of its film, which is finished. */
async function filmed(): Promise<{ rendition: Doc; video: Doc }> {
  const video = await cms.makeVideo({ stage: 'submitted' })
  const write = renditionWrite(video, { status: 'completed', file })
  const { body } = await cms.putRendition(write)
  return { video, rendition: await cms.read('films', body.id) }
}

const publish = ({ id }: Doc): Promise<Doc> => cms.change('videos', id, { _status: 'published' })

const watch = async ({ id }: Doc, rest = 'video', anonymous = true) => {
  const path = `/reelwright/renditions/${String(id)}/${rest}`
  return (await cms.fetch(path, { anonymous, redirect: 'manual' })).status
}

test('a visitor watches what is published, and reads no document', async () => {
  const { rendition, video } = await filmed()
  expect(await watch(rendition)).toBe(403)
  expect(bridge.linkRequests).toEqual([])
  await publish(video)
  expect(await watch(rendition)).toBe(302)
  for (const path of [`/films/${String(rendition.id)}`, `/videos/${String(video.id)}`, '/films']) {
    expect((await cms.ask('GET', path, undefined, { anonymous: true })).status).toBe(403)
  }
  const status = `/reelwright/videos/${String(video.id)}/status`
  expect((await cms.ask('GET', status, undefined, { anonymous: true })).status).toBe(403)
})

test('and reads its captions', async () => {
  const { rendition, video } = await filmed()
  await publish(video)
  bridge.texts = { [`/api/v1/videos/${String(rendition.jobId)}/captions.vtt`]: said }
  expect(await watch(rendition, 'captions.vtt')).toBe(200)
  bridge.texts = {}
})

test('a draft of what is published takes nothing away', async () => {
  const { rendition, video } = await filmed()
  await publish(video)
  await cms.change('videos', video.id, { title: 'Changed' }, '&draft=true')
  expect(await watch(rendition)).toBe(302)
})

test('what is put into the trash, or published no more, is watched no more', async () => {
  const [gone, hidden] = [await filmed(), await filmed()]
  await publish(gone.video)
  await publish(hidden.video)
  await cms.change('videos', gone.video.id, { deletedAt: new Date().toISOString() })
  await cms.change('videos', hidden.video.id, { _status: 'draft' })
  expect([await watch(gone.rendition), await watch(hidden.rendition)]).toEqual([403, 403])
})

test('a film by its own name is for those who may read the rendition', async () => {
  const { rendition, video } = await filmed()
  await publish(video)
  expect(await watch(rendition, `video?film=${film}`)).toBe(403)
  expect(await watch(rendition, `video?film=${film}`, false)).toBe(302)
})

test('where nothing is said of visitors they watch nothing; where all is let, all', async () => {
  const { rendition } = await filmed()
  mayWatch = false
  expect(await watch(rendition)).toBe(403)
  expect(await watch(rendition, 'video', false)).toBe(302)
  mayWatch = true
  expect(await watch(rendition)).toBe(302)
  expect(await watch({ id: 999_999 })).toBe(403)
})

test('the film of a video is that of its newest submission which has one', async () => {
  const { rendition, video } = await filmed()
  const { payload } = cms
  expect(await findFilm(payload, video.id)).toMatchObject({ id: rendition.id })
  await cms.change('videos', video.id, { stage: 'resubmit' })
  const second = renditionWrite(video, { jobId: 'second', submission: 2, status: 'composing' })
  await cms.putRendition(second)
  expect(await findFilm(payload, video)).toMatchObject({ id: rendition.id })
  await cms.putRendition({ ...second, sequence: 2, status: 'completed', file })
  expect(await findFilm(payload, video)).toMatchObject({ jobId: 'second' })
})

test('without a film there is none, nor is one read by those who may not', async () => {
  const { video } = await filmed()
  const { id } = await cms.makeVideo()
  expect(await findFilm(cms.payload, id)).toBeNull()
  await expect(findFilm(cms.payload, video, { overrideAccess: false })).rejects.toThrow(
    'not allowed',
  )
})

test('in another locale it is the film of that one', async () => {
  const { rendition, video } = await filmed()
  const path = `&draft=true&fallback-locale=null&locale=de`
  await cms.change('videos', video.id, { title: 'Zeiten', script: 'Neun.' }, path)
  await cms.change('videos', video.id, { stage: 'submitted' }, path)
  expect(await findFilm(cms.payload, video, { locale: 'de' })).toBeNull()
  const german = renditionWrite(video, { jobId: 'german', status: 'completed', file })
  const serviceId = `${String(video.serviceId)}.de`
  await cms.putRendition({ ...german, videoId: serviceId, submission: 2 })
  expect(await findFilm(cms.payload, video, { locale: 'de' })).toMatchObject({ jobId: 'german' })
  expect(await findFilm(cms.payload, video, { locale: 'en' })).toMatchObject({ id: rendition.id })
})

test('what a page renders of it leads to the film', async () => {
  const { video } = await filmed()
  await publish(video)
  const rendition = await findFilm(cms.payload, video)
  const html = renderToStaticMarkup(createElement(ReelwrightPlayer, { rendition }))
  const [, source = ''] = /<source src="([^"]+)"/.exec(html) ?? []
  const { headers, status } = await cms.ask('GET', source.replace(/^\/api/, ''), undefined, {
    anonymous: true,
  })
  expect(status).toBe(302)
  expect(headers.get('location')).toBe('https://media.example/v.mp4?s=1')
})
