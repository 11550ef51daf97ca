/** Files of the media library in a storyboard: chosen, sent as references, and read by the service. */
import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { Storyboard, StoryboardChange, Submission } from 'payload-plugin-reelwright'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { plugin } from '../support/constants.ts'
import { png, storyboardWrite } from '../support/samples.ts'

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

async function picture(name: string): Promise<Doc> {
  const file = { data: png, mimetype: 'image/png', name, size: png.length }
  return (await cms.payload.create({ collection: 'media', data: {}, file })) as unknown as Doc
}

async function written(): Promise<Doc> {
  const video = await cms.makeVideo({ stage: 'submitted' })
  const { body } = await cms.putStoryboard(storyboardWrite(video))
  return cms.read('storyboards', body.id)
}

async function sentAfter(id: unknown, changes: object): Promise<Storyboard> {
  const { revision } = await cms.change('storyboards', id, changes)
  return vi.waitFor(() => {
    const changed = bridge.received
      .map(({ event }) => event.data as StoryboardChange)
      .find((data) => data.storyboardId === String(id) && data.revision === revision)
    if (!changed) throw new Error('Nothing was sent yet.')
    return changed.storyboard
  })
}

function readFile(name: string, signedFor: string, asked = ''): Promise<Response> {
  const id = `wb_${randomUUID()}`
  const at = new Date()
  return cms.fetch(`/media/file/${encodeURIComponent(name)}${asked}`, {
    anonymous: true,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(plugin.webhookSecret).sign(id, at, signedFor),
    },
  })
}

test('a chosen picture is sent by name and version, until it is chosen no more', async () => {
  const { id, scenes } = await written()
  const [first, ...others] = scenes as Record<string, unknown>[]
  const oven = await picture('oven.png')
  const chosen = { ...first, picture: { relationTo: 'media', value: oven.id } }
  const sent = await sentAfter(id, { scenes: [chosen, ...others] })
  expect(sent.scenes[0]?.picture).toEqual({
    kind: 'cms',
    collection: 'media',
    document: String(oven.id),
    name: 'oven.png',
    version: oven.updatedAt,
    mediaType: 'image/png',
    bytes: png.length,
  })
  const without = await sentAfter(id, { scenes: [{ ...chosen, picture: null }, ...others] })
  expect(without.scenes[0]?.picture).toBeNull()
})

test('a project’s cast, look and logo are sent with each brief, its pictures by name and version', async () => {
  const face = await picture('mira.png')
  const references = [{ relationTo: 'media', value: face.id }]
  const project = await cms.make('projects', {
    name: 'Bakery',
    look: { palette: 'Ochre' },
    logo: { picture: { relationTo: 'media', value: face.id }, corner: 'bottom_left', width: 20 },
    cast: [
      { name: ' Mira ', description: 'A red coat', references },
      { name: '美咲', kind: 'place' },
    ],
  })
  const video = await cms.makeVideo({ project: project.id, stage: 'submitted' })
  const brief = await vi.waitFor(() => {
    const sent = bridge.received
      .filter(({ event }) => event.type === 'video.submitted')
      .map(({ event }) => event.data as Submission)
      .find(({ videoId }) => videoId === video.serviceId)
    if (!sent) throw new Error('Nothing was sent yet.')
    return sent.brief
  })
  expect(brief.look).toEqual({ style: '', palette: 'Ochre', lens: '' })
  expect(brief.logo).toMatchObject({
    own: { kind: 'cms', document: String(face.id), version: face.updatedAt },
    corner: 'bottom_left',
    width: 0.2,
  })
  expect(brief.cast).toMatchObject([
    {
      name: 'Mira',
      kind: 'person',
      description: 'A red coat',
      references: [{ kind: 'cms', document: String(face.id), version: face.updatedAt }],
    },
    { name: '美咲', kind: 'place', description: '', references: [] },
  ])
})

test.for([
  ['two of one name', ['Mira', 'mira']],
  ['a mark', ['@Mira']],
  ['no name', ['  ']],
] as const)('a cast with %s is refused where it is written', async ([, names]) => {
  const cast = names.map((name) => ({ name }))
  await expect(cms.make('projects', { name: 'Bakery', cast })).rejects.toThrow()
})

test('the service reads the very file that it signs for, and nobody else does', async () => {
  const { filename } = await picture('Brot & Öl.png')
  const name = String(filename)
  const read = await readFile(name, `read media/${name}`)
  expect(read.status).toBe(200)
  expect(Buffer.from(await read.arrayBuffer()).equals(png)).toBe(true)
  expect((await readFile(name, 'read media/another.png')).status).toBe(403)
  const listed = await cms.fetch('/media', { anonymous: true })
  expect(listed.status).toBe(403)
})

test('a file that was replaced since it was named is not handed over, one that is told otherwise is', async () => {
  const before = await picture('replaced.png')
  const name = String(before.filename)
  const asked = new URLSearchParams({
    document: String(before.id),
    version: String(before.updatedAt),
    mediaType: 'image/png',
    bytes: String(png.length),
  })
  const read = async () => (await readFile(name, `read media/${name}`, `?${asked}`)).status
  expect(await read()).toBe(200)
  await cms.change('media', before.id, { alt: 'A loaf' })
  expect(await read()).toBe(200)
  // Another picture under the same name, as an editor puts it in place.
  const other = Buffer.concat([png, Buffer.alloc(8)])
  const file = { data: other, mimetype: 'image/png', name, size: other.length }
  await cms.payload.update({
    collection: 'media',
    id: before.id,
    data: {},
    file,
    overwriteExistingFiles: true,
  })
  expect((await cms.read('media', before.id)).filename).toBe(name)
  expect(await read()).toBe(409)
})

test('nor is another document’s file that has come to its name since it was deleted', async () => {
  const before = await picture('deleted.png')
  // SQLite gives the highest number anew once it is free.
  await picture('later.png')
  const name = String(before.filename)
  await cms.payload.delete({ collection: 'media', id: before.id })
  const after = await picture(name)
  expect(after.filename).toBe(name)
  const read = async ({ id, updatedAt }: Doc): Promise<number> => {
    const known = { document: String(id), version: String(updatedAt), mediaType: 'image/png' }
    const asked = new URLSearchParams({ ...known, bytes: String(png.length) })
    return (await readFile(name, `read media/${name}`, `?${asked}`)).status
  }
  expect(await read(before)).toBe(409)
  expect(await read(after)).toBe(200)
})
