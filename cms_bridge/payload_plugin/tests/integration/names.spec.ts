/** Names towards the service: of a video or project for all time, whatever ids the database gives. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'

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

/** PostgreSQL gives no id twice. */
const reusing = test.skipIf(inject('templateServer'))

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

reusing('a video that gets the id of a deleted one is another to the service', async () => {
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
  // Told before the next test counts what is.
  expect(await videoIdsTold(1)).toEqual([video.serviceId])
})

describe('a project', () => {
  const spending = { spent: '12.00', cap: '50.00', monthSpent: null, monthCap: null }

  /** Make a project as it stands in a database of the time before there were names. */
  async function oldProject(): Promise<Doc> {
    const { id } = await cms.make('projects', { name: 'Old' })
    await cms.payload.db.updateOne({
      collection: 'projects',
      where: { id: { equals: id } },
      data: { serviceId: null },
    })
    return { id }
  }

  async function projectsTold(count: number): Promise<unknown[]> {
    await vi.waitFor(() => expect(bridge.received).toHaveLength(count), { timeout: 5_000 })
    return bridge.received.map(({ event: { data } }) =>
      'project' in data ? data.project.id : 'projectId' in data && data.projectId,
    )
  }

  reusing('that gets the id of a deleted one is another to the service', async () => {
    const first = await cms.make('projects', { name: 'First' })
    bridge.answers[`/projects/${String(first.serviceId)}/`] = { status: 200, body: spending }
    bridge.answers['/projects/'] = { status: 404 }
    const spentOf = async ({ id }: Doc): Promise<unknown> =>
      (await cms.ask('GET', `/reelwright/projects/${String(id)}/spending`)).body.spent
    expect(await spentOf(first)).toBe('12.00')

    await cms.ask('DELETE', `/projects/${String(first.id)}`)
    const second = await cms.make('projects', { name: 'Second' })

    expect(second.id).toBe(first.id)
    expect(second.serviceId).toMatch(uuid)
    expect(second.serviceId).not.toBe(first.serviceId)
    expect(await spentOf(second)).toBe('0')
    const video = await cms.makeVideo({ project: second.id, stage: 'submitted' })
    await cms.change('videos', video.id, { stage: 'cancelled' })
    expect(await projectsTold(2)).toEqual([second.serviceId, second.serviceId])
  })

  test('has a name that is nobody’s to choose, and a duplicate has another', async () => {
    const project = await cms.make('projects', { name: 'Tours', serviceId: 'mine' })
    expect(project.serviceId).toMatch(uuid)
    const changes = { serviceId: 'mine', name: 'Walks' }
    const changed = await cms.change('projects', project.id, changes)
    expect(changed).toMatchObject({ name: 'Walks', serviceId: project.serviceId })
    const path = `/projects/${String(project.id)}/duplicate`
    const { body } = await cms.ask<{ doc: Doc }>('POST', path)
    expect(body.doc.serviceId).toMatch(uuid)
    expect(body.doc.serviceId).not.toBe(project.serviceId)
  })

  test('that is older than names stays known by its id, and its duplicate has a name', async () => {
    const { id } = await oldProject()
    await cms.change('projects', id, { name: 'Renamed' })
    expect((await cms.read('projects', id)).serviceId).toBeNull()
    await cms.makeVideo({ project: id, stage: 'submitted' })
    expect(await projectsTold(1)).toEqual([String(id)])
    const { body } = await cms.ask<{ doc: Doc }>('POST', `/projects/${String(id)}/duplicate`)
    expect(body.doc.serviceId).toMatch(uuid)
  })
})
