/** Reference pictures of a cast: priced, drawn, followed, and kept in the host's media library. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { png } from '../support/samples.ts'

const bridge = new Bridge()
const id = '6f1c6f52-3c43-4a0e-9a2f-0d3f2b7c1f5e'
const described = { kind: 'person', description: 'Mira: 60, grey plait', take: 0 }
let cms: Cms
let project: Doc
let mayApprove = true
let mayWrite = true

beforeAll(async () => {
  await bridge.start()
  const access = { approve: () => mayApprove, write: () => mayWrite }
  cms = await startCms({ bridgeUrl: bridge.url, plugin: { access } })
  const look = { style: 'ink', palette: 'ochre' }
  const data = { name: 'Bakery', look }
  project = (await cms.payload.create({ collection: 'projects', data })) as unknown as Doc
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  mayApprove = mayWrite = true
  bridge.asked = []
  bridge.answers = {
    '/media/generate': { status: 202, body: medium({}) },
    [`/media/assets/${id}`]: { status: 200, body: medium({}) },
  }
})

const medium = (changes: object) => ({
  id,
  projectId: project.serviceId,
  kind: 'image',
  status: 'queued',
  placeholder: false,
  error: null,
  mediaType: null,
  ...changes,
})

const place = (rest: string): string => `/reelwright/projects/${String(project.id)}/${rest}`
const draw = (body: unknown) => cms.ask('POST', place('cast/draw'), body)
const look = () => cms.ask('GET', place(`made/${id}`))
const keep = () => cms.ask<Doc>('POST', place(`made/${id}/keep`), { name: 'Mira/۱' })

test('what a picture costs is told before it is drawn, and only who may spend has it drawn', async () => {
  const params = { estimatedCost: '0.040000' }
  const code = 'approval_conflict'
  bridge.answers['/media/generate'] = { status: 409, body: { title: 'No', code, params } }
  expect(await draw(described)).toMatchObject({
    status: 200,
    body: { asset: null, price: '0.040000' },
  })
  mayApprove = false
  const refused = await draw({ ...described, upTo: '0.040000' })
  expect(refused).toMatchObject({ status: 403, body: { code: 'not_an_approver' } })
  expect(bridge.asked).toHaveLength(1)
})

test('it is ordered alone and square in the look of the project, for no more than was said', async () => {
  const { body } = await draw({ ...described, take: 2, upTo: '0.04' })
  expect(body).toEqual({ asset: id, price: null })
  expect(bridge.asked.at(-1)?.body).toMatchObject({
    projectId: project.serviceId,
    kind: 'image',
    reference: 'person',
    prompt: described.description,
    style: 'ink, ochre',
    aspectRatio: '1:1',
    take: 2,
    upTo: '0.04',
  })
  expect((await draw({ kind: 'ghost', description: '' })).status).toBe(400)
})

test('it is followed until it is there, or says why it is not', async () => {
  expect((await look()).body).toEqual({ state: 'making', problem: null })
  const there = (changes: object): void => {
    bridge.answers[`/media/assets/${id}`] = { status: 200, body: medium(changes) }
  }
  there({ status: 'ready', mediaType: 'image/png' })
  expect((await look()).body).toEqual({ state: 'ready', problem: null })
  there({ status: 'ready', mediaType: 'image/png', placeholder: true })
  expect((await look()).body).toMatchObject({
    state: 'failed',
    problem: { code: 'nothing_drawn' },
  })
  expect((await keep()).status).toBe(409)
  there({ status: 'failed', error: { code: 'spend_cap', message: 'Spent.', params: { cap: '1' } } })
  expect((await look()).body).toMatchObject({
    state: 'failed',
    problem: { code: 'spend_cap', params: { cap: '1' } },
  })
})

test('kept, it is a picture of the media library under its name', async () => {
  bridge.answers[`/media/assets/${id}`] = {
    status: 200,
    body: medium({ status: 'ready', mediaType: 'image/png' }),
  }
  bridge.texts[`/api/v1/media/assets/${id}/content`] = png
  const { body, status } = await keep()
  expect(status).toBe(200)
  expect(body).toMatchObject({ relationTo: 'media' })
  const kept = await cms.read('media', body.value)
  expect(kept).toMatchObject({ filename: 'Mira-۱-6f1c6f52.png', mimeType: 'image/png' })
})

test('another project’s picture is not there, and who may not write draws nothing', async () => {
  bridge.answers[`/media/assets/${id}`] = {
    status: 200,
    body: medium({ status: 'ready', mediaType: 'image/png', projectId: 'other' }),
  }
  expect((await look()).status).toBe(404)
  expect((await keep()).status).toBe(404)
  mayWrite = false
  for (const asked of [draw(described), look(), keep()]) expect((await asked).status).toBe(403)
})

test('a bridge that is away is said to be', async () => {
  await bridge.stop()
  for (const asked of [draw(described), look()]) expect((await asked).status).toBe(503)
  await bridge.start()
})
