/** Beside the MCP plugin: an editor's agent does what the editor may, and no more. */
import { mcpPlugin } from 'payload-mcp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { userName } from '../../src/user.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { emptyDatabases } from '../support/databases.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const collections = ['projects', 'videos', 'storyboards', 'renditions', 'reelwright-outbox']
const everything = { create: true, update: true, find: true, delete: true }
const names = {
  projects: 'projects',
  videos: 'videos',
  storyboards: 'storyboards',
  renditions: 'renditions',
  'reelwright-outbox': 'reelwrightOutbox',
}
/** What the tool asks for besides, since a video always has it. */
const chosen = { locale: 'en', aspectRatio: '16:9', musicMood: 'none', disclosure: 'project' }
const forbidden = 'You are not allowed'
const agentKey = (email: string): string => `key-of-${email}`

const bridge = new Bridge()
let cms: Cms
let project: Doc
let other: Doc
let video: Doc
let storyboard: Doc
let rendition: Doc

beforeAll(async () => {
  await bridge.start()
  const editors = ['approver@example.org', 'writer@example.org']
  cms = await startCms({
    bridgeUrl: bridge.url,
    ...(await emptyDatabases.SQLite?.())?.options,
    plugin: {
      access: {
        projects: ({ req }) => (editors.includes(userName(req.user)) ? [project.id] : 'all'),
        approve: ({ req }) => userName(req.user) === 'approver@example.org',
      },
    },
    plugins: {
      after: [
        mcpPlugin({
          collections: Object.fromEntries(collections.map((slug) => [slug, { enabled: true }])),
        }),
      ],
    },
  })
  project = await cms.make('projects', { name: 'Harbour tours' })
  other = await cms.make('projects', { name: 'City walks' })
  for (const email of editors) {
    await cms.signedInAs(email)
    const found = { email: { equals: email } }
    const { docs } = await cms.payload.find({ collection: 'users', where: found })
    const data = {
      ...{ user: docs[0]?.id, enableAPIKey: true, apiKey: agentKey(email) },
      ...Object.fromEntries(Object.values(names).map((name) => [name, everything])),
    }
    await cms.payload.create({ collection: 'payload-mcp-api-keys', data })
  }
  video = await cms.make('videos', {
    ...{ title: 'Opening hours', script: 'We open at nine.' },
    ...{ project: project.id, stage: 'submitted' },
  })
  const written = await cms.putStoryboard(storyboardWrite(video))
  storyboard = await cms.read('storyboards', written.body.id)
  rendition = await cms.read('renditions', (await cms.putRendition(renditionWrite(video))).body.id)
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})

interface Called {
  isError?: boolean
  content: { text: string }[]
}

/** What is null in a document is left out of an argument. */
const withoutNull = (args: object): unknown =>
  JSON.parse(JSON.stringify(args, (_, value: unknown) => value ?? undefined))

/** Call a tool as the agent of an editor, and return what it is told. */
async function call(email: string, name: string, args: object): Promise<string> {
  const response = await fetch(`${cms.url}/api/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${agentKey(email)}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name, arguments: withoutNull(args) },
    }),
  })
  const text = await response.text()
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? text
  const { error, result } = JSON.parse(data) as { error?: { message: string }; result?: Called }
  if (!result) throw new Error(error?.message ?? text)
  return result.content.map((part) => part.text).join('\n')
}

const writer = (name: string, args: object) => call('writer@example.org', name, args)
const approver = (name: string, args: object) => call('approver@example.org', name, args)

describe('an agent', () => {
  test('writes a video and submits it, in the name of its editor', async () => {
    const data = { ...chosen, title: 'By an agent', script: 'We close.', project: project.id }
    await writer('createVideos', data)
    const where = { title: { equals: 'By an agent' } }
    const { docs } = await cms.payload.find({ collection: 'videos', where, depth: 0 })
    expect(docs).toHaveLength(1)
    await writer('updateVideos', { id: docs[0]?.id, stage: 'submitted' })
    expect((await cms.outbox()).at(-1)).toMatchObject({ type: 'video.submitted' })
  })

  test('has no video made in a project that its editor does not see, and finds none', async () => {
    const data = { ...chosen, title: 'Elsewhere', script: 'No.', project: other.id }
    expect(await writer('createVideos', data)).toContain(forbidden)
    const where = { title: { equals: 'Elsewhere' } }
    expect((await cms.payload.count({ collection: 'videos', where })).totalDocs).toBe(0)
    expect(await writer('findProjects', {})).toContain('Harbour tours')
    expect(await writer('findProjects', {})).not.toContain('City walks')
  })

  test('changes nothing of what only the service writes, and makes none of it', async () => {
    await approver('updateVideos', { id: video.id, submission: 9, serviceId: 'mine' })
    const kept = { submission: 1, serviceId: video.serviceId }
    expect(await cms.read('videos', video.id)).toMatchObject(kept)
    await approver('updateRenditions', { id: rendition.id, status: 'completed', actualCost: '0' })
    expect(await cms.read('renditions', rendition.id)).toMatchObject({
      status: rendition.status,
    })
    const forged = { jobId: 'forged', file: undefined, scenes: [] }
    const film = { ...rendition, ...forged, scenes: undefined }
    expect(await approver('createRenditions', film)).toContain(forbidden)
    expect(await approver('createStoryboards', { ...storyboard, ...forged })).toContain(forbidden)
    for (const collection of ['renditions', 'storyboards']) {
      const where = { jobId: { equals: 'forged' } }
      expect((await cms.payload.count({ collection, where })).totalDocs).toBe(0)
    }
  })

  test('neither changes events nor reads their texts', async () => {
    const [event] = await cms.outbox()
    const found = await approver('findReelwrightOutbox', {})
    expect(found).toContain('video.submitted')
    expect(found).not.toContain('We open at nine.')
    const gone = await approver('deleteReelwrightOutbox', { id: event?.id })
    expect(gone).toContain(forbidden)
    const again = { id: event?.id, state: 'queued', attempts: 0 }
    expect(await approver('updateReelwrightOutbox', again)).toContain(forbidden)
    const [after] = await cms.outbox()
    expect(after).toMatchObject({ id: event?.id, eventId: event?.eventId })
    expect(after?.attempts).not.toBe(0)
  })

  test('approves only where its editor may', async () => {
    const change = { id: storyboard.id, decision: 'approved', revision: storyboard.revision }
    expect(await writer('updateStoryboards', change)).toContain(forbidden)
    const approvals = async (): Promise<number> =>
      (await cms.outbox()).filter(({ type }) => type === 'storyboard.approved').length
    expect(await approvals()).toBe(0)
    await approver('updateStoryboards', change)
    expect(await approvals()).toBe(1)
    expect(await cms.read('storyboards', storyboard.id)).toMatchObject({
      decision: 'approved',
      approvedBy: 'approver@example.org',
    })
  })
})
