/** The trash: what lies in it is neither worked on nor paid for, and can be restored or deleted. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const bridge = new Bridge()
const inTrash = 'This video is in the trash; restore it first.'
let cms: Cms
let video: Doc
let storyboard: Doc

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({ bridgeUrl: bridge.url })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(async () => {
  video = await cms.makeVideo({ stage: 'submitted' })
  await cms.putRendition(renditionWrite(video, { status: 'storyboard_complete' }))
  const { body } = await cms.putStoryboard(storyboardWrite(video))
  storyboard = await cms.read('storyboards', body.id)
  await told()
  bridge.received.length = 0
})

async function told(): Promise<string[]> {
  await vi.waitFor(
    async () => {
      const rows = await cms.outbox()
      expect(rows.filter(({ state }) => state === 'queued')).toEqual([])
    },
    { timeout: 8_000, interval: 25 },
  )
  return bridge.types
}

const trash = (): Promise<Doc> =>
  cms.change('videos', video.id, { deletedAt: new Date().toISOString() })

test('a running video is cancelled once by it, also when it is then deleted for ever', async () => {
  expect(await trash()).toMatchObject({ stage: 'cancelled' })
  const late = renditionWrite(video, { sequence: 2, status: 'cancelled' })
  expect((await cms.putRendition(late)).status).toBe(200)
  const path = `/videos/${String(video.id)}`
  expect((await cms.ask('DELETE', `${path}?trash=true`)).status).toBe(200)
  expect(await told()).toEqual(['video.cancelled'])
  expect((await cms.ask('GET', `${path}?trash=true`)).status).toBe(404)
  const where = `?where[jobId][equals]=${String(storyboard.jobId)}`
  expect((await cms.ask('GET', `/storyboards${where}`)).body).toMatchObject({ totalDocs: 0 })
  expect((await cms.putRendition({ ...late, sequence: 3 })).status).toBe(410)
})

test('a finished film is left as it is, and is so again once it is restored', async () => {
  await cms.putRendition(renditionWrite(video, { sequence: 2, status: 'completed' }))
  await trash()
  const restored = await cms.change('videos', video.id, { deletedAt: null }, '&trash=true')
  expect(restored).toMatchObject({ stage: 'submitted', submission: 1 })
  expect(await told()).toEqual([])
})

test('neither is a storyboard approved or edited in it, nor a video submitted', async () => {
  await trash()
  for (const data of [{ decision: 'approved' }, { title: 'Changed' }]) {
    const refused = await cms.ask('PATCH', `/storyboards/${String(storyboard.id)}`, data)
    expect(refused).toMatchObject({ status: 409, body: { errors: [{ message: inTrash }] } })
  }
  for (const stage of ['resubmit', 'retry', 'submitted']) {
    const path = `/videos/${String(video.id)}?trash=true`
    expect(await cms.ask('PATCH', path, { stage })).toMatchObject({
      status: 400,
      body: { errors: [{ message: inTrash }] },
    })
  }
  expect(await told()).toEqual(['video.cancelled'])
})

test('a restored video is submitted anew', async () => {
  await trash()
  await cms.change('videos', video.id, { deletedAt: null }, '&trash=true')
  await cms.change('videos', video.id, { stage: 'resubmit' })
  expect(await told()).toEqual(['video.cancelled', 'video.submitted'])
})

test('many at once are each cancelled', async () => {
  const other = await cms.makeVideo({ stage: 'submitted' })
  const ids = `${String(video.id)},${String(other.id)}`
  const data = { deletedAt: new Date().toISOString() }
  const { body } = await cms.ask('PATCH', `/videos?where[id][in]=${ids}`, data)
  expect(body.errors).toEqual([])
  expect(await told()).toEqual(['video.submitted', 'video.cancelled', 'video.cancelled'])
})

test('its project is in use as long as it could be restored', async () => {
  await trash()
  expect((await cms.ask('DELETE', `/projects/${String(video.project)}`)).status).toBe(409)
  await cms.ask('DELETE', `/videos/${String(video.id)}?trash=true`)
  expect((await cms.ask('DELETE', `/projects/${String(video.project)}`)).status).toBe(200)
})

test('a version that was saved in it brings back its words, and nobody’s video into the trash', async () => {
  await cms.putRendition(renditionWrite(video, { sequence: 2, status: 'completed' }))
  await trash()
  await cms.change('videos', video.id, { title: 'Trashed' }, '&trash=true')
  await cms.change('videos', video.id, { deletedAt: null, title: 'Back' }, '&trash=true')
  await cms.change('videos', video.id, { stage: 'resubmit' })
  const { docs } = await cms.payload.findVersions({
    collection: 'videos',
    where: { parent: { equals: video.id }, 'version.title': { equals: 'Trashed' } },
    trash: true,
  })
  const restored = await cms.ask('POST', `/videos/versions/${String(docs[0]?.id)}`)
  expect(restored.status).toBe(200)
  expect(await cms.read('videos', video.id)).toMatchObject({
    ...{ title: 'Trashed', deletedAt: null, stage: 'submitted', submission: 2 },
  })
  expect(await told()).toEqual(['video.submitted'])
})
