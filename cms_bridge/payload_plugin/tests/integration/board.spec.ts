/** The board: its media reach whoever may read the storyboard, and nobody gets the key. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { Board } from '../../src/endpoints/contract.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { plugin } from '../support/constants.ts'
import { storyboardWrite } from '../support/samples.ts'

const bridge = new Bridge()
const picture = '2b1c9b7e-9d0c-4a51-8a43-0d5b4c5b7a11'
const elsewhere = '5d0f6a1c-3b52-4f61-9b0e-7a2c1d3e4f50'
let cms: Cms
let storyboard: Doc
let job: string

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({ bridgeUrl: bridge.url })
  const video = await cms.makeVideo({ stage: 'submitted' })
  const { body } = await cms.putStoryboard(storyboardWrite(video))
  storyboard = await cms.read('storyboards', body.id)
  job = `/api/v1/jobs/${String(storyboard.jobId)}`
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  bridge.linkRequests = []
  bridge.asked = []
  bridge.texts = {
    [`${job}/timeline`]: JSON.stringify({
      scenes: [
        {
          id: 's1',
          span: { duration: 3 },
          view: {
            kind: 'still',
            asset: {
              id: picture,
              contentUrl: `/api/v1/media/assets/${picture}/content`,
              mediaType: 'image/png',
              placeholder: true,
            },
          },
          narration: null,
        },
      ],
      captions: { cues: [] },
    }),
    [`/api/v1/media/assets/${picture}/content`]: 'PNG',
    [`/api/v1/media/assets/${elsewhere}/content`]: 'PNG',
  }
})

const address = (name: string) => `/reelwright/storyboards/${String(storyboard.id)}/${name}`

test('it tells what is made of each scene, and keeps the key', async () => {
  const { body, headers, status } = await cms.ask('GET', address('board'))
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('private, no-store')
  expect(body).toEqual({
    scenes: [
      {
        sceneId: 's1',
        seconds: 3,
        cast: [],
        picture: {
          address: expect.stringContaining(picture) as string,
          mediaType: 'image/png',
          placeholder: true,
        },
        narration: null,
      },
    ],
  })
  expect(bridge.linkRequests).toEqual([
    { authorization: `Bearer ${plugin.apiKey}`, path: `${job}/timeline` },
  ])
})

test('its pictures come from here, of this film and no other', async () => {
  const { body } = await cms.ask<Board>('GET', address('board'))
  const shown = body.scenes[0]?.picture?.address ?? ''
  const medium = await cms.fetch(shown)
  expect(await medium.text()).toBe('PNG')
  expect(medium.headers.get('cache-control')).toMatch(/^private, max-age=\d+, immutable$/)
  bridge.linkRequests = []
  expect((await cms.fetch(shown.replace(picture, elsewhere))).status).toBe(404)
  expect(bridge.linkRequests).toEqual([])
})

test('who may not read the storyboard learns nothing of it', async () => {
  const { body } = await cms.ask<Board>('GET', address('board'))
  bridge.linkRequests = []
  for (const path of [address('board'), body.scenes[0]?.picture?.address ?? '']) {
    const { status } = await cms.ask('GET', path, undefined, { anonymous: true })
    expect([401, 403, 404]).toContain(status)
  }
  expect(bridge.linkRequests).toEqual([])
})

test('a storyboard that cannot be laid out says why', async () => {
  bridge.texts = {}
  bridge.links = 'no timeline'
  const { body, status } = await cms.ask('GET', address('board'))
  expect(status).toBe(502)
  expect(body.detail).toMatch(/unexpected answer/)
})

describe('a scene once more', () => {
  const ask = (request: object) => cms.ask('POST', address('take'), request)

  beforeEach(() => {
    bridge.texts[`${job}/storyboard`] = JSON.stringify({ storyboardDigest: 'abc' })
    const scenes = [{ id: 's1', pictureTake: 4 }, { id: 's2' }]
    bridge.answers = { '/refinements/estimate': { status: 200, body: { storyboard: { scenes } } } }
  })

  test('is the take that nobody has seen, of the words as they stand in the form', async () => {
    const [first, second] = storyboard.scenes as Record<string, unknown>[]
    const scenes = [second, { ...first, picturePrompt: 'A door.' }]
    const { body, status } = await ask({ edit: { scenes }, scene: 1, kind: 'picture' })
    expect(status).toBe(200)
    expect(body).toEqual({ take: 4 })
    expect(bridge.asked).toEqual([
      {
        authorization: `Bearer ${plugin.apiKey}`,
        path: `${job}/refinements/estimate`,
        body: {
          basedOn: 'abc',
          changes: [
            {
              kind: 'replace',
              scene: expect.objectContaining({ id: 's1', picturePrompt: 'A door.' }) as object,
            },
            { kind: 'regenerate', sceneId: 's1', picture: true },
          ],
        },
      },
    ])
    expect(await cms.read('storyboards', storyboard.id)).toEqual(storyboard)
  })

  test.for([
    { edit: {}, scene: 7, kind: 'picture' },
    { edit: {}, scene: 0, kind: 'music' },
    { edit: { scenes: 'all' }, scene: 0, kind: 'picture' },
    { edit: { scenes: [{ narration: 'New.' }] }, scene: 0, kind: 'picture' },
  ])('%j names no scene', async (request) => {
    const { body, status } = await ask(request)
    expect(status).toBe(400)
    expect(body.detail).toBe('The body names no scene that was saved.')
    expect(bridge.asked).toEqual([])
  })

  test("the bridge's refusal is told with its code", async () => {
    const refusal = { code: 'storyboard_outdated', detail: 'It has changed.', status: 409 }
    bridge.answers = { '/refinements/estimate': { status: 409, body: refusal } }
    const { body, status } = await ask({ edit: {}, scene: 0, kind: 'picture' })
    expect(status).toBe(409)
    expect(body).toMatchObject({ code: 'storyboard_outdated', detail: 'It has changed.' })
  })
})

describe("rows named by their ids alone keep what they hold: how the video's page saves", () => {
  test('one scene changes and all change places', async () => {
    const [first, second] = storyboard.scenes as Record<string, unknown>[]
    const { scenes } = await cms.change('storyboards', storyboard.id, {
      scenes: [{ id: second?.id }, { id: first?.id, onScreenText: 'Open' }],
    })
    expect(scenes).toEqual([second, { ...first, onScreenText: 'Open' }])
  })
})
