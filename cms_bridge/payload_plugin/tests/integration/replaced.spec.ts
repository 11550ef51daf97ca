/** A file of the media library is replaced: each video that shows it is told so once, and no other. */
import { Buffer } from 'node:buffer'
import sharp from 'sharp'
import type { CmsEvent, Replacement, Storyboard } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { type Database, databases } from '../support/databases.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const written = ['SQLite', 'SQLite without transactions', 'PostgreSQL'] as const

describe.each(written)('on %s', (name) => {
  const bridge = new Bridge()
  let database: Database
  let cms: Cms

  beforeAll(async () => {
    await bridge.start()
    database = (await databases[name]?.()) ?? { options: {} }
    cms = await startCms({ bridgeUrl: bridge.url, ...database.options })
  })
  afterAll(async () => {
    await cms.close()
    await bridge.stop()
    await database.stop?.(cms)
  })
  beforeEach(() => {
    bridge.received.length = 0
  })

  /** Wait until everything in the outbox is delivered or refused, then tell what arrived. */
  async function told(): Promise<CmsEvent[]> {
    await vi.waitFor(
      async () => {
        const rows = await cms.outbox()
        expect(rows.filter(({ state }) => state === 'queued')).toEqual([])
      },
      { timeout: 30_000, interval: 25 },
    )
    return bridge.received.splice(0).map(({ event }) => event)
  }

  async function picture(file: string, colour = 'red'): Promise<Doc> {
    const data = await pngOf(colour)
    const made = await cms.payload.create({
      collection: 'media',
      data: {},
      file: { data, mimetype: 'image/png', name: file, size: data.length },
    })
    return made as unknown as Doc
  }

  async function replace({ id }: Doc, file: string, colour = 'blue'): Promise<Doc> {
    const data = await pngOf(colour)
    const made = await cms.payload.update({
      collection: 'media',
      id,
      data: {},
      file: { data, mimetype: 'image/png', name: file, size: data.length },
    })
    return made as unknown as Doc
  }

  async function drafted(
    changes: Partial<Storyboard> = {},
  ): Promise<Record<'board' | 'video', Doc>> {
    const video = await cms.makeVideo({ stage: 'submitted' })
    const write = storyboardWrite(video)
    const { body } = await cms.putStoryboard({
      ...write,
      storyboard: { ...write.storyboard, ...changes },
    })
    await cms.putRendition(renditionWrite(video, { status: 'storyboard_complete' }))
    return { board: await cms.read('storyboards', body.id), video }
  }

  /** A video whose first scene shows a picture of the library. */
  async function showing({ id }: Doc): Promise<Record<'board' | 'video', Doc>> {
    const { board, video } = await drafted()
    const [first, ...others] = board.scenes as object[]
    const picture = { relationTo: 'media', value: id }
    const scenes = [{ ...first, picture }, ...others]
    return { board: await cms.change('storyboards', board.id, { scenes }), video }
  }

  const fileOf = ({ filename, filesize, id, updatedAt }: Doc) => ({
    kind: 'cms',
    collection: 'media',
    document: String(id),
    name: filename,
    version: updatedAt,
    mediaType: 'image/png',
    bytes: filesize,
  })

  test('a scene’s picture: once for each video that shows it, and for no other', async () => {
    const [oven, door] = [await picture('oven.png'), await picture('door.png')]
    const one = await showing(oven)
    const two = await showing(oven)
    await showing(door)
    await told()
    const now = await replace(oven, 'oven-new.png')
    const events = await told()
    expect(events.map(({ type }) => type)).toEqual(['asset.replaced', 'asset.replaced'])
    const changes = events.map(({ data }) => data as Replacement)
    expect(changes.map(({ storyboardId }) => storyboardId).toSorted()).toEqual(
      [one, two].map(({ board }) => String(board.id)).toSorted(),
    )
    for (const change of changes) {
      expect(change).toMatchObject({ revision: 2, file: fileOf(now) })
      expect(change.storyboard.scenes[0]?.picture).toEqual(fileOf(now))
      expect(change.storyboard.scenes[1]?.picture).toBeNull()
    }
  })

  test('a file of the same name and size is another all the same', async () => {
    const oven = await picture('same.png')
    await showing(oven)
    await told()
    const now = await replace(oven, 'same.png', 'red')
    const [event, ...others] = await told()
    expect(others).toEqual([])
    expect(event).toMatchObject({ type: 'asset.replaced', data: { file: fileOf(now) } })
  })

  test('no save without another file says anything', async () => {
    const oven = await picture('kept.png')
    const { board } = await showing(oven)
    await told()
    await cms.payload.update({ collection: 'media', id: oven.id, data: { focalX: 20 } })
    expect(await told()).toEqual([])
    expect(await cms.read('storyboards', board.id)).toMatchObject({ revision: 1 })
  })

  test('a picture of the cast, a logo and music, which nobody chooses in the storyboard', async () => {
    const [face, mark, song] = [
      await picture('mira.png'),
      await picture('logo.png'),
      await picture('song.png'),
    ]
    const { board } = await drafted({
      cast: [{ name: 'Mira', references: [fileOf(face)] as never }],
      logo: { own: fileOf(mark) as never, corner: 'top_left', width: 0.1 },
      music: { own: fileOf(song) as never },
    })
    await told()
    for (const [index, doc] of [face, mark, song].entries()) {
      const now = await replace(doc, `replaced-${String(index)}.png`)
      const [event, ...others] = await told()
      expect(others).toEqual([])
      expect(event).toMatchObject({
        type: 'asset.replaced',
        data: { storyboardId: String(board.id), revision: index + 1, file: fileOf(now) },
      })
      const { cast, logo, music } = (event?.data as Replacement).storyboard
      const named = [cast?.[0]?.references?.[0], logo?.own, music?.own]
      expect(named[index]).toEqual(fileOf(now))
    }
  })

  test('what was replaced while the storyboard was drafted is told once it is there', async () => {
    const face = await picture('early.png')
    const before = fileOf(face)
    const now = await replace(face, 'late.png')
    await drafted({ cast: [{ name: 'Mira', references: [before] as never }] })
    const events = await told()
    expect(events.map(({ type }) => type)).toEqual(['video.submitted', 'asset.replaced'])
    expect(events[1]).toMatchObject({ data: { revision: 1, file: fileOf(now) } })
  })

  test('a document that there is not is left as it was named', async () => {
    const nowhere = { ...fileOf(await picture('here.png')), document: 'nowhere' } as never
    const { board } = await drafted({ logo: { own: nowhere, corner: 'top_left', width: 0.1 } })
    await told()
    await cms.change('storyboards', board.id, { title: 'Bread' })
    const [event] = await told()
    expect(event).toMatchObject({
      type: 'storyboard.edited',
      data: { storyboard: { logo: { own: { document: 'nowhere' } } } },
    })
  })

  test('an approval is void, and the change is the editor’s to approve', async () => {
    const oven = await picture('approved.png')
    const { board } = await showing(oven)
    await cms.change('storyboards', board.id, { decision: 'approved', approvedCost: '0.00' })
    await told()
    await replace(oven, 'approved-new.png')
    expect(await told()).toMatchObject([{ type: 'asset.replaced' }])
    expect(await cms.read('storyboards', board.id)).toMatchObject({
      decision: 'pending',
      revision: 3,
      approvedBy: null,
    })
  })

  test('in production it waits, and is made afterwards, as an edit is', async () => {
    const oven = await picture('making.png')
    const { video } = await showing(oven)
    await told()
    await cms.putRendition(renditionWrite(video, { sequence: 2, status: 'composing' }))
    const problem = { code: 'illegal_move', detail: 'Not now.', params: {} }
    bridge.answer = () => ({ status: 409, body: problem })
    await replace(oven, 'making-new.png')
    await told()
    bridge.answer = () => ({ status: 202 })
    const { body } = await cms.ask('GET', `/reelwright/videos/${String(video.id)}/status`)
    expect(body).toMatchObject({
      storyboard: { known: 'no', decision: 'pending' },
      delivery: { type: 'asset.replaced', state: 'refused', problem: { code: 'illegal_move' } },
    })
  })

  test('of a finished film is work that can be cancelled, also before the service tells of it', async () => {
    const oven = await picture('finished.png')
    const { video } = await showing(oven)
    const file = { number: 1, duration: 5, width: 1920, height: 1080, bytes: 1000 }
    const done = { sequence: 2, status: 'completed', storyboardRevision: 1, file } as const
    await cms.putRendition(renditionWrite(video, done))
    await told()
    await replace(oven, 'finished-new.png')
    await cms.change('videos', video.id, { stage: 'cancelled' })
    expect((await told()).map(({ type }) => type)).toEqual(['asset.replaced', 'video.cancelled'])
  })

  test('nothing of what nobody waits for: in the trash, cancelled, or submitted anew', async () => {
    const oven = await picture('unwanted.png')
    const [gone, stopped, older] = [await showing(oven), await showing(oven), await showing(oven)]
    await cms.change('videos', gone.video.id, { deletedAt: new Date().toISOString() })
    await cms.change('videos', stopped.video.id, { stage: 'cancelled' })
    await cms.change('videos', older.video.id, { stage: 'resubmit' })
    await told()
    await replace(oven, 'unwanted-new.png')
    expect(await told()).toEqual([])
  })
})

async function pngOf(background: string): Promise<Buffer> {
  const create = { width: 8, height: 8, channels: 3, background } as const
  return sharp({ create }).png().toBuffer()
}
