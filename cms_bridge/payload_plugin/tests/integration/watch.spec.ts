/** Watching: whoever may read the rendition gets a fresh link, and nobody gets the key. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { plugin } from '../support/constants.ts'
import { renditionWrite } from '../support/samples.ts'

const bridge = new Bridge()
const file = { duration: 31.4, width: 1920, height: 1080, bytes: 4_200_000 }
let cms: Cms
let rendition: Doc

beforeAll(async () => {
  await bridge.start()
  bridge.links = {
    video: { url: 'https://media.example/v.mp4?s=1', downloadUrl: 'https://media.example/d.mp4' },
    poster: { url: '/objects/poster.jpg?s=2' },
    webm: { url: 'https://media.example/p.webm?s=1' },
    gif: null,
    expiresIn: 3600,
  }
  cms = await startCms({ bridgeUrl: bridge.url })
  const video = await cms.makeVideo({ stage: 'submitted' })
  const write = renditionWrite(video, { status: 'completed', progress: 100, file })
  const { body } = await cms.putRendition(write)
  rendition = await cms.read('renditions', body.id)
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})

const address = (name: string) => `/reelwright/renditions/${String(rendition.id)}/${name}`

test('a finished rendition says where it can be watched', () => {
  const base = `/api/reelwright/renditions/${String(rendition.id)}`
  expect(rendition).toMatchObject({
    title: 'Opening hours',
    url: `${base}/video`,
    posterUrl: `${base}/poster`,
    downloadUrl: `${base}/download`,
    captionsUrl: `${base}/captions.vtt`,
    chaptersUrl: `${base}/chapters.vtt`,
    transcriptUrl: `${base}/transcript.txt`,
    file,
  })
})

test('an unfinished rendition does not', async () => {
  const video = await cms.makeVideo({ stage: 'submitted' })
  const { body } = await cms.putRendition(renditionWrite(video))
  expect(await cms.read('renditions', body.id)).not.toHaveProperty('url')
  const path = `/reelwright/renditions/${String(body.id)}/video`
  expect((await cms.ask('GET', path)).status).toBe(404)
})

test.for([
  ['video', 'https://media.example/v.mp4?s=1'],
  ['download', 'https://media.example/d.mp4'],
  ['preview.webm', 'https://media.example/p.webm?s=1'],
] as const)('%s leads to a fresh link that no cache keeps', async ([name, target]) => {
  bridge.linkRequests = []
  const { headers, status } = await cms.ask('GET', address(name))
  expect(status).toBe(302)
  expect(headers.get('location')).toBe(target)
  expect(headers.get('cache-control')).toBe('private, no-store')
  expect(bridge.linkRequests).toEqual([
    {
      authorization: `Bearer ${plugin.apiKey}`,
      path: `/api/v1/videos/jobs/${String(rendition.jobId)}/links`,
    },
  ])
})

test('a preview that nobody ordered leads nowhere', async () => {
  expect((await cms.ask('GET', address('preview.gif'))).status).toBe(404)
})

test('a link that is relative is one of the bridge', async () => {
  const { headers } = await cms.ask('GET', address('poster'))
  expect(headers.get('location')).toBe(`${bridge.url}/objects/poster.jpg?s=2`)
})

test('nobody is led anywhere without signing in', async () => {
  bridge.linkRequests = []
  const { status } = await cms.ask('GET', address('video'), undefined, { anonymous: true })
  expect([401, 403, 404]).toContain(status)
  expect(bridge.linkRequests).toEqual([])
})

test.for([
  ['is no web address', { video: { url: 'javascript:alert(1)' } }],
  ['is no text', { video: { url: 5 } }],
  ['stands nowhere', { video: 'https://media.example/v.mp4' }],
] as const)('a link that %s is not followed', async ([, unusable]) => {
  const links = bridge.links
  bridge.links = unusable
  expect((await cms.ask('GET', address('video'))).status).toBe(404)
  bridge.links = links
})

describe('texts beside a film', () => {
  const said = 'WEBVTT\n\n00:00.000 --> 00:02.000\nنحن نفتح عند الثامنة\n'
  const film = '2b1c9b7e-9d0c-4a51-8a43-0d5b4c5b7a11'
  const key = `Bearer ${plugin.apiKey}`
  let below: string

  beforeAll(() => {
    below = `/api/v1/videos/${String(rendition.jobId)}`
  })
  beforeEach(() => {
    bridge.linkRequests = []
  })
  afterAll(() => {
    bridge.texts = {}
  })

  test.for([
    ['captions.vtt', 'captions.vtt', 'text/vtt; charset=utf-8'],
    ['chapters.vtt', 'chapters.vtt', 'text/vtt; charset=utf-8'],
    ['transcript.txt', 'transcript', 'text/plain; charset=utf-8'],
  ] as const)('%s is handed on as what it is', async ([name, place, mediaType]) => {
    bridge.texts = { [`${below}/${place}`]: said }
    const response = await cms.fetch(address(name))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(mediaType)
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await response.text()).toBe(said)
  })

  test('of a film that is named, those of that film', async () => {
    bridge.texts = { [`${below}/renditions/${film}/captions.vtt`]: said }
    const response = await cms.fetch(`${address('captions.vtt')}?film=${film}`)
    expect(await response.text()).toBe(said)
  })

  test('what is no film of ours is asked for nowhere', async () => {
    bridge.texts = { [`${below}/captions.vtt`]: said }
    const response = await cms.fetch(`${address('captions.vtt')}?film=../../keys`)
    expect(await response.text()).toBe(said)
  })

  test('from a store they come by its link, and it is told no key', async () => {
    bridge.texts = {
      [`${below}/captions.vtt`]: `${bridge.url}/bucket/captions.vtt?signature=1`,
      '/bucket/captions.vtt?signature=1': said,
    }
    const response = await cms.fetch(address('captions.vtt'))
    expect(await response.text()).toBe(said)
    expect(bridge.linkRequests.map(({ authorization }) => authorization)).toEqual([key, undefined])
  })

  test('one that is longer than any film is not read to its end', async () => {
    bridge.texts = { [`${below}/transcript`]: 'x'.repeat(5 * 1024 * 1024) }
    expect((await cms.fetch(address('transcript.txt'))).status).toBe(503)
  })

  test('nobody reads them without signing in', async () => {
    bridge.texts = { [`${below}/transcript`]: said }
    const { status } = await cms.ask('GET', address('transcript.txt'), undefined, {
      anonymous: true,
    })
    expect([401, 403, 404]).toContain(status)
    expect(bridge.linkRequests).toEqual([])
  })
})

describe('what cannot be shown is told in a page to a browser that goes there', () => {
  const navigation = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  const go = (name: string, language: string, accept = navigation): Promise<Response> =>
    cms.fetch(address(name), {
      headers: { accept, 'accept-language': language },
      redirect: 'manual',
    })

  test.for([
    ['de', 'ltr', 'Dieser Film wird nicht mehr aufbewahrt: An seiner Stelle steht ein neuerer.'],
    ['ar', 'rtl', 'لم يعد هذا الفيلم محفوظًا: حلّ محلّه فيلم أحدث.'],
  ] as const)('in %s', async ([language, direction, sentence]) => {
    const body = { title: 'Gone', detail: 'No longer kept.', code: 'rendition_retired' }
    bridge.answers = { '/links': { status: 410, body } }
    const response = await go('video', language)
    bridge.answers = {}
    expect(response.status).toBe(410)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    const page = await response.text()
    expect(page).toContain(`<html lang="${language}" dir="${direction}">`)
    expect(page).toContain(`<p>${sentence}</p>`)
    expect(page).not.toMatch(/<script|<style| on\w+=/)
  })

  test('with the status that it has, and nothing of what was asked', async () => {
    bridge.answers = { '/links': { status: 503 } }
    const away = await go('download', 'fr')
    bridge.answers = {}
    expect(away.status).toBe(503)
    expect(await away.text()).toContain('Le service de rendu ne répond pas')
    const gone = await go('preview.gif', 'es')
    expect(gone.status).toBe(404)
    expect(await gone.text()).toContain('Esta película no tiene este archivo.')
  })

  test('and a program, or what leads to a film, is answered as ever', async () => {
    for (const accept of ['*/*', 'application/json', 'application/problem+json, text/html;q=0.5']) {
      const response = await go('preview.gif', 'de', accept)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(await response.json()).toMatchObject({ code: 'rendition_file_not_found' })
    }
    expect((await go('video', 'de')).status).toBe(302)
  })
})

test('a bridge that is away is said to be away', async () => {
  await bridge.stop()
  const { body, status } = await cms.ask('GET', address('video'))
  expect(status).toBe(503)
  expect(body.code).toBe('service_away')
  expect(body.detail).toMatch(/does not answer/)
  await bridge.start()
})
