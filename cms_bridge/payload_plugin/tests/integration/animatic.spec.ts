/** The animatic: what is typed is laid out by the bridge, and its media come under a seal. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Animatic } from 'payload-plugin-reelwright'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { plugin } from '../support/constants.ts'
import { storyboardWrite } from '../support/samples.ts'

const bridge = new Bridge()
const asset = (id: string) => ({
  id,
  contentUrl: `/api/v1/media/assets/${id}/content`,
  mediaType: 'image/png',
  placeholder: false,
})
let cms: Cms
let storyboard: Doc

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({ bridgeUrl: bridge.url })
  const video = await cms.makeVideo({ stage: 'submitted' })
  const { body } = await cms.putStoryboard(storyboardWrite(video))
  storyboard = await cms.read('storyboards', body.id)
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  bridge.asked = []
  bridge.linkRequests = []
  bridge.texts = {
    '/api/v1/media/assets/a-1/content': `${bridge.url}/store/a-1`,
    '/store/a-1': 'PNG',
    '/api/v1/fonts?file=Inter-Medium.ttf': 'TTF',
  }
  bridge.answers = {
    timeline: {
      status: 200,
      body: {
        scenes: [
          {
            id: 's1',
            view: { kind: 'still', asset: asset('a-1') },
            narration: { asset: null },
          },
          { id: 's2', view: { kind: 'solid', colour: '#000000' }, narration: null },
        ],
      },
    },
    estimate: { status: 200, body: { scenes: [{ sceneId: 's1', due: '0.04' }] } },
  }
})

const path = (): string => `/reelwright/storyboards/${String(storyboard.id)}/timeline`
/** Where the first scene's picture is. */
const addressOf = ({ timeline: { scenes } }: Animatic): string => {
  const view = scenes[0]?.view
  return view?.kind === 'still' ? (view.asset?.contentUrl ?? '') : ''
}
const askTimeline = () => cms.ask<Animatic>('POST', path(), { title: 'As it is typed' })

test('what is typed is laid out, priced, and kept nowhere', async () => {
  const { body, status } = await askTimeline()
  expect(status).toBe(200)
  expect(body.due).toEqual({ s1: '0.04' })
  expect(body.timeline.scenes.map(({ id }) => id)).toEqual(['s1', 's2'])
  const job = String(storyboard.jobId)
  expect(bridge.asked.map(({ path }) => path).sort()).toEqual([
    `/api/v1/jobs/${job}/estimate`,
    `/api/v1/jobs/${job}/timeline`,
  ])
  expect(bridge.asked[0]?.body).toMatchObject({ storyboard: { title: 'As it is typed' } })
  expect(await cms.read('storyboards', storyboard.id)).toMatchObject({ title: storyboard.title })
})

test('a film whose price is not known is shown all the same', async () => {
  bridge.answers.estimate = { status: 503, body: {} }
  const { body, status } = await askTimeline()
  expect(status).toBe(200)
  expect(body.due).toEqual({})
})

test('media come from here, and the store is told no key', async () => {
  const { body } = await askTimeline()
  const medium = await cms.fetch(addressOf(body))
  expect(await medium.text()).toBe('PNG')
  expect(medium.headers.get('cache-control')).toMatch(/^private, max-age=\d+, immutable$/)
  expect(medium.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(bridge.linkRequests).toEqual([
    {
      authorization: `Bearer ${plugin.apiKey}`,
      path: '/api/v1/media/assets/a-1/content',
    },
    { authorization: undefined, path: '/store/a-1' },
  ])
})

test('what was uploaded comes from where uploads lie', async () => {
  const uploaded = { ...asset('u-1'), contentUrl: '/api/v1/assets/u-1/content' }
  const scene = { id: 's1', view: { kind: 'still', asset: uploaded }, narration: null }
  bridge.answers.timeline = { status: 200, body: { scenes: [scene] } }
  bridge.texts['/api/v1/assets/u-1/content'] = `${bridge.url}/store/a-1`
  const { body } = await askTimeline()
  expect(await (await cms.fetch(addressOf(body))).text()).toBe('PNG')
  expect(bridge.linkRequests[0]?.path).toBe('/api/v1/assets/u-1/content')
})

test.for([
  ['without a seal', ''],
  ['with another medium’s seal', 'other'],
  ['with half a seal', 'half'],
] as const)('a medium %s is not handed out', async ([, kind]) => {
  const { body } = await askTimeline()
  const sealed = addressOf(body)
  const address = {
    '': sealed.replace(/\?.*/, ''),
    other: sealed.replace('a-1', 'a-2'),
    half: sealed.slice(0, -10),
  }[kind]
  bridge.linkRequests = []
  expect((await cms.fetch(address)).status).toBe(404)
  expect(bridge.linkRequests).toEqual([])
})

const askReading = () =>
  cms.ask('POST', `/reelwright/storyboards/${String(storyboard.id)}/reading`, {
    title: 'As it is typed',
  })

test('what nobody has spoken is read as it is typed, and comes under a seal as well', async () => {
  bridge.answers.readings = { status: 200, body: { state: 'under_way', left: 2, error: null } }
  expect((await askReading()).body).toEqual({ state: 'under_way', left: 2 })
  expect(bridge.asked.map(({ path }) => path)).toEqual([
    `/api/v1/jobs/${String(storyboard.jobId)}/readings`,
  ])
  expect(bridge.asked[0]?.body).toMatchObject({ storyboard: { title: 'As it is typed' } })
  const narration = { text: 'Bread.', asset: null, reading: asset('a-1') }
  const scene = { id: 's1', view: { kind: 'solid', colour: '#000000' }, narration }
  bridge.answers.timeline = { status: 200, body: { scenes: [scene] } }
  const [told] = (await askTimeline()).body.timeline.scenes
  expect(told?.narration?.asset).toBeNull()
  const address = told?.narration?.reading?.contentUrl ?? ''
  expect(await (await cms.fetch(address)).text()).toBe('PNG')
})

test('a language that no free voice speaks is silent, and no fault of the editor’s', async () => {
  const refusal = { code: 'no_free_voice', detail: 'No free voice speaks it.', params: {} }
  bridge.answers.readings = { status: 409, body: refusal }
  expect(await askReading()).toMatchObject({ status: 200, body: { state: 'silent', left: 0 } })
  bridge.answers.readings = { status: 403, body: { code: 'forbidden', detail: 'No.', params: {} } }
  expect((await askReading()).status).toBe(403)
  bridge.answers.readings = { status: 200, body: { state: 'asleep' } }
  expect((await askReading()).status).toBe(502)
})

test('nobody sees or hears anything without signing in', async () => {
  const { body } = await askTimeline()
  bridge.asked = []
  bridge.linkRequests = []
  const anonymous = { anonymous: true }
  for (const { status } of [
    await cms.ask('POST', path(), {}, anonymous),
    await cms.ask('POST', path().replace(/timeline$/, 'reading'), {}, anonymous),
    await cms.fetch(addressOf(body), anonymous),
    await cms.fetch('/reelwright/fonts/Inter-Medium.ttf', anonymous),
  ]) {
    expect([401, 403, 404]).toContain(status)
  }
  expect([...bridge.asked, ...bridge.linkRequests]).toEqual([])
})

test('fonts come from the bridge', async () => {
  const font = await cms.fetch('/reelwright/fonts/Inter-Medium.ttf')
  expect(await font.text()).toBe('TTF')
})

test('what the bridge refuses is told in its words, and its absence too', async () => {
  const refusal = { code: 'limit_exceeded', detail: 'Too long.', params: {} }
  bridge.answers.timeline = { status: 422, body: refusal }
  expect((await askTimeline()).body).toMatchObject({ code: 'limit_exceeded' })
  bridge.answers.timeline = { status: 500, body: {} }
  expect((await askTimeline()).status).toBe(502)
})

test('music and logo come under a seal too', async () => {
  bridge.answers.timeline = {
    status: 200,
    body: {
      scenes: [],
      music: { asset: null, bedUrl: '/api/v1/beds?mood=calm' },
      logo: { asset: { ...asset('l-1'), contentUrl: '/api/v1/assets/l-1/content' } },
    },
  }
  bridge.texts = {
    '/api/v1/beds?mood=calm': 'OGG',
    '/api/v1/assets/l-1/content': `${bridge.url}/store/a-1`,
    '/store/a-1': 'PNG',
  }
  const { timeline } = (await askTimeline()).body
  const heard = await cms.fetch(timeline.music?.bedUrl ?? '')
  expect([heard.status, await heard.text()]).toEqual([200, 'OGG'])
  expect(await (await cms.fetch(timeline.logo?.asset?.contentUrl ?? '')).text()).toBe('PNG')
})
