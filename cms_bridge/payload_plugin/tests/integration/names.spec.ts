/** The name of a video towards the service: its own for all time, whatever ids the database gives. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const uuid = /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/
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

async function videoIdsTold(count: number): Promise<unknown[]> {
  await vi.waitFor(() => expect(bridge.received).toHaveLength(count), { timeout: 5_000 })
  return bridge.received.map(({ event }) => 'videoId' in event.data && event.data.videoId)
}

/** Make a video as it stands in a database of the time before there were names. */
async function oldVideo(data: object): Promise<Doc> {
  const { id, project } = await cms.makeVideo()
  await cms.payload.db.updateOne({
    collection: 'videos',
    where: { id: { equals: id } },
    data: { ...data, serviceId: null },
  })
  return { id, project, serviceId: String(id) }
}

test('a video that gets the id of a deleted one is another to the service', async () => {
  const first = await cms.makeVideo({ stage: 'submitted' })
  await cms.putRendition(renditionWrite(first, { status: 'storyboard_complete' }))
  await cms.ask('DELETE', `/videos/${String(first.id)}`)
  const second = await cms.makeVideo({ stage: 'submitted' })
  expect(second.id).toBe(first.id)

  const told = await videoIdsTold(3)

  expect(told).toEqual([first.serviceId, first.serviceId, second.serviceId])
  expect(first.serviceId).toMatch(uuid)
  expect(second.serviceId).not.toBe(first.serviceId)
  // What is still written of the first finds nothing, and the panel of the second shows its own.
  const late = await cms.putRendition(renditionWrite(first, { sequence: 9, status: 'completed' }))
  expect(late.status).toBe(410)
  const status = await cms.ask('GET', `/reelwright/videos/${String(second.id)}/status`)
  expect(status.body).toMatchObject({ rendition: null, storyboard: null, delivery: null })
})

test('a name is nobody’s to choose, and a duplicate has another', async () => {
  const video = await cms.makeVideo({ serviceId: 'mine' })
  expect(video.serviceId).toMatch(uuid)
  const changed = await cms.change('videos', video.id, { serviceId: 'mine', title: 'Changed' })
  expect(changed.serviceId).toBe(video.serviceId)
  const { body } = await cms.ask<{ doc: Doc }>('POST', `/videos/${String(video.id)}/duplicate`)
  expect(body.doc.serviceId).toMatch(uuid)
  expect(body.doc.serviceId).not.toBe(video.serviceId)
})

test('a name survives that a version is restored', async () => {
  const video = await cms.makeVideo()
  await cms.change('videos', video.id, { title: 'Changed' })
  const path = `/videos/versions?sort=createdAt&where[parent][equals]=${String(video.id)}`
  const { body } = await cms.ask<{ docs: Doc[] }>('GET', path)
  await cms.ask('POST', `/videos/versions/${String(body.docs[0]?.id)}`)
  expect((await cms.read('videos', video.id)).serviceId).toBe(video.serviceId)
})

test('a job that was on its way before there were names goes on under the id', async () => {
  const video = await oldVideo({ stage: 'submitted', submission: 1 })
  expect(await cms.putStoryboard(storyboardWrite(video))).toMatchObject({ status: 200 })
  expect(await cms.putRendition(renditionWrite(video))).toMatchObject({ status: 200 })
  await cms.change('videos', video.id, { title: 'Changed' })
  await cms.change('videos', video.id, { stage: 'cancelled' })
  expect(await videoIdsTold(1)).toEqual([String(video.id)])
})

test('a video that nobody has submitted yet gets its name with the next save', async () => {
  const video = await oldVideo({})
  await cms.change('videos', video.id, { stage: 'submitted' })
  const { serviceId } = await cms.read('videos', video.id)
  expect(serviceId).toMatch(uuid)
  expect(await videoIdsTold(1)).toEqual([serviceId])
})

test('a video that has a name is not found by its id', async () => {
  const video = await cms.makeVideo({ stage: 'submitted' })
  const byId = renditionWrite(video, { videoId: String(video.id) })
  expect((await cms.putRendition(byId)).status).toBe(410)
})
