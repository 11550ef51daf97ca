/** The voices there are, and what each sounds like: asked by the CMS with its key, for who may. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'

const bridge = new Bridge()
let cms: Cms
let mayApprove = true
let mayRead = true
let mayWrite = true

beforeAll(async () => {
  await bridge.start()
  const access = { approve: () => mayApprove, read: () => mayRead, write: () => mayWrite }
  cms = await startCms({ bridgeUrl: bridge.url, plugin: { access } })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  mayApprove = mayRead = mayWrite = true
  bridge.asked = []
  bridge.answers = {
    'cursor=next': { status: 200, body: { voices: [listed('piper:joe')], nextCursor: null } },
    '/voices?': {
      status: 200,
      body: { voices: [listed('gemini:Kore'), { id: 7 }], nextCursor: 'next' },
    },
    '/voices/samples': { status: 202, body: { url: null, assetId: 'a' } },
  }
})

const listed = (id: string) => ({
  id,
  name: id.split(':')[1],
  provider: id.split(':')[0],
  languages: ['en-us'],
  gender: 'female',
  description: 'firm',
  sampleUrl: 'javascript:alert(1)',
  samplePrice: '0.001200',
})

const listing = () => cms.ask('GET', '/reelwright/voices')

async function sample(body: unknown): ReturnType<typeof listing> {
  const video: Doc = await cms.makeVideo({})
  const { project } = video as unknown as { project: number | { id: number } }
  const id = typeof project === 'object' ? project.id : project
  return cms.ask('POST', `/reelwright/projects/${String(id)}/voices/sample`, body)
}

test('every page of the catalogue is listed, and nothing that is no voice or no link', async () => {
  const { body, status } = await listing()
  expect(status).toBe(200)
  expect(body).toMatchObject([
    { id: 'gemini:Kore', gender: 'female', description: 'firm', sampleUrl: null },
    { id: 'piper:joe', languages: ['en-us'] },
  ])
})

test('who may read nothing is told of no voice', async () => {
  mayRead = false
  expect((await listing()).status).toBe(403)
})

test('a sample is asked for in its project’s name, for no more than was said', async () => {
  const wanted = { voice: 'gemini:Kore', language: 'de', upTo: '0.001200' }
  expect(await sample(wanted)).toMatchObject({ status: 200, body: { url: null, asset: 'a' } })
  const { docs } = await cms.payload.find({ collection: 'projects', sort: '-id', limit: 1 })
  const projectId = (docs[0] as unknown as Doc).serviceId
  expect(projectId).toEqual(expect.any(String))
  expect(bridge.asked.at(-1)?.body).toMatchObject({ ...wanted, projectId })
  bridge.answers['/voices/samples'] = { status: 200, body: { url: 'http://bridge/kore.wav' } }
  expect((await sample(wanted)).body).toEqual({ url: 'http://bridge/kore.wav', asset: null })
})

test('only who may spend buys one, and only who may write has one made', async () => {
  mayApprove = false
  expect((await sample({ voice: 'gemini:Kore', upTo: '0.0012' })).status).toBe(403)
  expect((await sample({ voice: 'offline:de', upTo: '0' })).status).toBe(200)
  bridge.asked = []
  expect((await sample({})).status).toBe(400)
  expect(bridge.asked).toEqual([])
})

test('a bridge that is away is said to be', async () => {
  await bridge.stop()
  expect((await listing()).status).toBe(503)
  expect((await sample({ voice: 'offline:de' })).status).toBe(503)
  await bridge.start()
})
