/** Projects: who is not of one sees, finds and moves nothing of it, whichever way is asked. */
import type { ProjectScope, VideoStatus } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { userName } from '../../src/user.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const secretScript = 'The secret opening of the harbour.'
const bridge = new Bridge()
let cms: Cms
/** Whom each of the other users is bound to, by address. */
const projectsOf = new Map<string, ProjectScope>()
let insider: Cms
let outsider: Cms
let administrator: Cms
/** May approve, and write nothing. */
let auditor: Cms
let project: Doc
let other: Doc
let video: Doc
let storyboard: Doc
let rendition: Doc | undefined

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({
    bridgeUrl: bridge.url,
    plugin: {
      access: {
        projects: ({ req }) => projectsOf.get(userName(req.user)) ?? 'all',
        administer: ({ req }) => userName(req.user) === 'admin@example.org',
        approve: ({ req }) => userName(req.user) !== 'insider@example.org',
        write: ({ req }) => userName(req.user) !== 'auditor@example.org',
      },
    },
  })
  project = await cms.make('projects', { name: 'Harbour tours' })
  other = await cms.make('projects', { name: 'City walks' })
  projectsOf.set('insider@example.org', [project.id])
  // As a user's relationship is read by the admin.
  projectsOf.set('outsider@example.org', [other])
  insider = await cms.signedInAs('insider@example.org')
  outsider = await cms.signedInAs('outsider@example.org')
  administrator = await cms.signedInAs('admin@example.org')
  auditor = await cms.signedInAs('auditor@example.org')
  video = await cms.make('videos', {
    title: 'Opening hours',
    project: project.id,
    script: secretScript,
    stage: 'submitted',
  })
  await cms.change('videos', video.id, { title: 'Opening' })
  await cms.putRendition(renditionWrite(video, { status: 'storyboard_complete' }))
  storyboard = await cms.read(
    'storyboards',
    (await cms.putStoryboard(storyboardWrite(video))).body.id,
  )
  await cms.change('storyboards', storyboard.id, { title: 'Edited' })
  const { body } = await cms.ask<Page>('GET', '/renditions?depth=0')
  rendition = body.docs[0]
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})

interface Page {
  docs: Doc[]
  totalDocs: number
}

async function found(who: Cms, path: string): Promise<number> {
  const { body, status } = await who.ask<Page>('GET', path)
  expect(status).toBe(200)
  return body.totalDocs
}

const collections = ['projects', 'videos', 'storyboards', 'renditions']

describe('one who is not of the project', () => {
  test.for([...collections, 'reelwright-outbox'])('finds nothing of it in %s', async (name) => {
    const inside = await found(insider, `/${name}`)
    expect(inside).toBeGreaterThan(0)
    expect(await found(outsider, `/${name}`)).toBe(name === 'projects' ? 1 : 0)
    expect(await found(administrator, `/${name}`)).toBeGreaterThanOrEqual(inside)
  })

  test.for(['videos', 'storyboards'])('reads no version of its %s', async (name) => {
    expect(await found(insider, `/${name}/versions`)).toBe(2)
    expect(await found(outsider, `/${name}/versions`)).toBe(0)
    const { body } = await insider.ask<Page>('GET', `/${name}/versions`)
    const version = `/${name}/versions/${String(body.docs[0]?.id)}`
    expect((await insider.ask('GET', version)).status).toBe(200)
    const refused = await outsider.ask('GET', version)
    expect(refused.status).toBeGreaterThanOrEqual(400)
    expect(JSON.stringify(refused.body)).not.toContain('secret')
    expect((await outsider.ask('POST', version)).status).toBe(403)
  })

  test('cannot open, change or delete what is in it', async () => {
    const documents = { projects: project, videos: video, storyboards: storyboard }
    for (const [name, document] of Object.entries({ ...documents, renditions: rendition })) {
      const path = `/${name}/${String(document?.id)}`
      expect((await outsider.ask('GET', path)).status, name).toBeGreaterThanOrEqual(400)
      expect((await outsider.ask('PATCH', path, { title: 'Mine' })).status, name).toBe(403)
      expect((await outsider.ask('DELETE', path)).status, name).toBe(403)
    }
    expect(await cms.read('videos', video.id)).toMatchObject({ title: 'Opening' })
  })

  test('changes nothing of it in bulk either', async () => {
    await outsider.ask('PATCH', '/videos?where[id][exists]=true', { stage: 'cancelled' })
    await outsider.ask('DELETE', '/videos?where[id][exists]=true')
    expect(await cms.read('videos', video.id)).toMatchObject({ stage: 'submitted' })
  })

  test('is told nothing by the endpoints', async () => {
    const none = expect.objectContaining({ status: 404 }) as unknown
    const ask = outsider.ask.bind(outsider)
    expect(await ask('GET', `/reelwright/videos/${String(video.id)}/status`)).toEqual(none)
    expect(await ask('GET', `/reelwright/videos/${String(video.id)}/films`)).toEqual(none)
    expect(await ask('GET', `/reelwright/renditions/${String(rendition?.id)}/video`)).toEqual(none)
    expect(await ask('POST', `/reelwright/storyboards/${String(storyboard.id)}/price`, {})).toEqual(
      none,
    )
    const resolve = `/reelwright/renditions/${String(rendition?.id)}/charges/1/resolve`
    expect(await ask('POST', resolve, { outcome: 'charged' })).toEqual(none)
    expect((await insider.ask('GET', `/reelwright/videos/${String(video.id)}/status`)).status).toBe(
      200,
    )
  })

  test('puts nothing into it: no new video, no duplicate, none of their own', async () => {
    bridge.received.length = 0
    const data = { title: 'Mine', project: project.id, script: 'Words.', stage: 'submitted' }
    expect((await outsider.ask('POST', '/videos', data)).status).toBe(403)
    const own = await outsider.make('videos', { ...data, project: other.id, stage: 'draft' })
    const path = `/videos/${String(own.id)}`
    expect((await outsider.ask('PATCH', path, { project: project.id })).status).toBe(403)
    const many = `/videos?where[id][equals]=${String(own.id)}`
    expect((await outsider.ask('PATCH', many, { project: project.id })).status).toBe(403)
    const copy = await outsider.ask('POST', `${path}/duplicate`, { project: project.id })
    expect(copy.status).toBe(403)
    expect(await cms.read('videos', own.id)).toMatchObject({ project: other.id })
    expect(bridge.received).toEqual([])
  })

  test('is not named among those who may approve', async () => {
    const path = `/reelwright/videos/${String(video.id)}/status`
    const { body } = await insider.ask<VideoStatus>('GET', path)
    expect(body.mayApprove).toBe(false)
    expect(body.approvers).toContain('admin@example.org')
    expect(body.approvers).not.toContain('outsider@example.org')
  })
})

test('one who may approve and write nothing is offered no approval, which would be refused', async () => {
  const path = `/reelwright/videos/${String(video.id)}/status`
  const { body } = await auditor.ask<VideoStatus>('GET', path)
  expect(body).toMatchObject({ mayApprove: false, mayResolve: true })
  expect(body.approvers).toContain('admin@example.org')
  expect(body.approvers).not.toContain('auditor@example.org')
  const approval = { decision: 'approved' }
  const board = `/storyboards/${String(storyboard.id)}`
  expect((await auditor.ask('PATCH', board, approval)).status).toBe(403)
  const own = await administrator.ask<VideoStatus>('GET', path)
  expect(own.body).toMatchObject({ mayApprove: true, approvers: [] })
})

test('an old version brings back its words and not its project', async () => {
  const moved = await insider.make('videos', {
    title: 'Moving',
    project: project.id,
    script: 'Before.',
  })
  await cms.change('videos', moved.id, { project: other.id, script: 'After.' })
  const path = `/videos/versions?sort=createdAt&where[parent][equals]=${String(moved.id)}`
  expect(await found(insider, path)).toBe(0)
  const { body } = await outsider.ask<Page>('GET', path)
  const restored = await outsider.ask('POST', `/videos/versions/${String(body.docs[0]?.id)}`)
  expect(restored.status).toBe(200)
  const after = { script: 'Before.', project: other.id }
  expect(await cms.read('videos', moved.id)).toMatchObject(after)
})

describe('the text of an event', () => {
  const where = '?where[type][equals]=video.submitted'

  test('is for administrators, and the rest of it for whoever sees the project', async () => {
    const read = async (who: Cms): Promise<Doc | undefined> =>
      (await who.ask<Page>('GET', `/reelwright-outbox${where}&depth=0`)).body.docs[0]
    expect((await read(administrator))?.body).toContain(secretScript)
    const seen = await read(insider)
    expect(seen).toMatchObject({ type: 'video.submitted', state: 'delivered' })
    expect(JSON.stringify(seen)).not.toContain('secret')
  })

  test('is not guessed by searching in it either', async () => {
    const path = '/reelwright-outbox?where[body][like]=secret'
    expect((await administrator.ask('GET', path)).status).toBe(200)
    expect((await insider.ask('GET', path)).status).toBe(400)
  })

  test('stays with administrators when its video is gone', async () => {
    const gone = await insider.make('videos', {
      title: 'Gone',
      project: project.id,
      script: 'Words.',
      stage: 'submitted',
    })
    const before = await found(insider, '/reelwright-outbox')
    expect((await insider.ask('DELETE', `/videos/${String(gone.id)}`)).status).toBe(200)
    expect(await found(insider, '/reelwright-outbox')).toBe(before - 1)
    const cancelled = '/reelwright-outbox?where[type][equals]=video.cancelled'
    expect(await found(administrator, cancelled)).toBe(1)
  })
})

describe('the Local API', () => {
  async function approve(who: Cms, options: { overrideAccess: boolean }): Promise<unknown> {
    const email = who === insider ? 'insider@example.org' : 'admin@example.org'
    const { docs } = await cms.payload.find({
      collection: 'users',
      where: { email: { equals: email } },
      overrideAccess: true,
    })
    const user = { ...docs[0], collection: 'users' }
    return cms.payload.update({
      collection: 'storyboards',
      id: storyboard.id,
      data: { decision: 'approved' },
      user,
      ...options,
    })
  }

  test('approves for one who may not only where access is overridden', async () => {
    await expect(approve(insider, { overrideAccess: false })).rejects.toThrow('not allowed')
    expect(await cms.read('storyboards', storyboard.id)).toMatchObject({ decision: 'pending' })
    await approve(administrator, { overrideAccess: false })
    const approved = { decision: 'approved', approvedBy: 'admin@example.org' }
    expect(await cms.read('storyboards', storyboard.id)).toMatchObject(approved)
    await cms.change('storyboards', storyboard.id, { title: 'Edited again' })
    await approve(insider, { overrideAccess: true })
    const overridden = { decision: 'approved', approvedBy: 'insider@example.org' }
    expect(await cms.read('storyboards', storyboard.id)).toMatchObject(overridden)
  })

  test('puts a video into a foreign project only where access is overridden', async () => {
    const { docs } = await cms.payload.find({
      collection: 'users',
      where: { email: { equals: 'outsider@example.org' } },
      overrideAccess: true,
    })
    const create = (overrideAccess: boolean): Promise<unknown> =>
      cms.payload.create({
        collection: 'videos',
        data: { title: 'Mine', project: project.id, script: 'Words.' },
        user: { ...docs[0], collection: 'users' },
        overrideAccess,
      })
    await expect(create(false)).rejects.toThrow('not allowed')
    await expect(create(true)).resolves.toMatchObject({ title: 'Mine' })
  })
})
