/** A film's own words: what it says, and what it is for those who do not see it. */
import type { PayloadRequest } from 'payload'
import type { ProjectScope, RenditionWrite, VideoStatus } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { userName } from '../../src/user.ts'
import { Bridge } from '../support/bridge.ts'
import { type Answer, type Cms, type Doc, startCms } from '../support/cms.ts'
import { type Database, databases } from '../support/databases.ts'
import { renditionWrite } from '../support/samples.ts'

const alt = 'Opening hours. From nine to six'
const transcript = 'Opening hours\n\nWe open at nine.\n\nWe close at six.\n'
const file = { duration: 31.4, width: 1920, height: 1080, bytes: 4_200_000 }
const finished = {
  status: 'completed',
  progress: 100,
  file: { ...file, language: 'en', alt, hasStream: false },
  transcript,
} satisfies Partial<RenditionWrite>

describe.each(Object.entries(databases))('on %s', (_, begin) => {
  const bridge = new Bridge()
  /** Whom each of the other users is bound to, by address. */
  const projectsOf = new Map<string, ProjectScope>()
  let cms: Cms
  /** What happens between the moment when a save has read a rendition and that when it is stored. */
  let meanwhile: ((req: PayloadRequest) => Promise<unknown>) | undefined
  let video: Doc
  let id: unknown
  let database: Database

  beforeAll(async () => {
    await bridge.start()
    database = await begin()
    cms = await startCms({
      ...database.options,
      bridgeUrl: bridge.url,
      plugin: {
        access: { projects: ({ req }) => projectsOf.get(userName(req.user)) ?? 'all' },
        overrides: {
          renditions: (collection) => ({
            ...collection,
            hooks: {
              ...collection.hooks,
              beforeValidate: [
                async ({ data, req }) => {
                  await meanwhile?.(req)
                  return data as unknown
                },
              ],
            },
          }),
        },
      },
    })
  })
  afterAll(async () => {
    await cms.close()
    await bridge.stop()
    await database.stop?.(cms)
  })
  beforeEach(async () => {
    meanwhile = undefined
    video = await cms.makeVideo({ stage: 'submitted' })
    id = (await cms.putRendition(renditionWrite(video, finished))).body.id
  })

  const path = (query = ''): string => `/renditions/${String(id)}${query}`
  const save = (data: object): Promise<Answer> => cms.ask('PATCH', path(), data)
  const next = (changes: Partial<RenditionWrite>, sequence = 2): Promise<Answer> =>
    cms.putRendition(renditionWrite(video, { ...finished, ...changes, sequence }))

  test('a finished film has what it says, and a draft of what it is', async () => {
    expect(await cms.read('renditions', id)).toMatchObject({ alt, transcript })
    const { body } = await cms.ask('GET', path('?depth=0&select[alt]=true'))
    expect(body).toMatchObject({ alt })
  })

  test('an older service told neither', async () => {
    await next({ file, transcript: null })
    const rendition = await cms.read('renditions', id)
    expect(rendition).toMatchObject({ alt: null, transcript: null })
    // Nor whether there is a stream: it is looked for where it would be.
    expect(rendition.streamUrl).toMatch(/stream\.m3u8$/)
  })

  test('where none was made, no stream is named', async () => {
    expect(await cms.read('renditions', id)).not.toHaveProperty('streamUrl')
    await next({ file: { ...finished.file, hasStream: true } })
    expect(await cms.read('renditions', id)).toHaveProperty('streamUrl')
  })

  test('the panel, which asks every second, is told no transcript', async () => {
    const status = `/reelwright/videos/${String(video.id)}/status`
    const { body } = await cms.ask<VideoStatus>('GET', status)
    expect(body.rendition).toMatchObject({ alt, status: 'completed' })
    expect(body.rendition).not.toHaveProperty('transcript')
  })

  describe('an alternative text that somebody wrote', () => {
    const own = 'A harbour at dawn, and when its office opens.'

    test('is kept by all that the service writes later', async () => {
      expect((await save({ alt: own })).status).toBe(200)
      await next({ status: 'generating', progress: 40, file: { ...finished.file, alt: 'Another' } })
      expect(await cms.read('renditions', id)).toMatchObject({ alt: own, progress: 40 })
    })

    test('is the draft again once it is emptied', async () => {
      await save({ alt: own })
      await save({ alt: ' ' })
      expect(await cms.read('renditions', id)).toMatchObject({ alt })
    })

    test('is none if it says what was drafted: the next film has a draft of its own', async () => {
      await save({ alt })
      await next({ file: { ...finished.file, alt: 'Another. From ten to six' } })
      expect(await cms.read('renditions', id)).toMatchObject({ alt: 'Another. From ten to six' })
    })

    test('is refused past its limit, in words', async () => {
      const { body, status } = await save({ alt: 'x'.repeat(301) })
      expect(status).toBe(400)
      expect(JSON.stringify(body)).toContain('At most 300 characters')
    })
  })

  describe('a save', () => {
    const own = 'A harbour at dawn.'

    test('changes nothing that the service wrote, whoever asks', async () => {
      const before = await cms.read('renditions', id)
      const forged = { status: 'failed', progress: 1, transcript: 'Ha!', file: null, sequence: 99 }
      const { status } = await save({ alt: own, ...forged, jobId: 'other', actualCost: '0' })
      expect(status).toBe(200)
      const { updatedAt, ...after } = await cms.read('renditions', id)
      expect({ ...after, updatedAt: before.updatedAt }).toEqual({ ...before, alt: own })
      expect(updatedAt).not.toBe(before.updatedAt)
      await cms.payload.update({
        collection: 'renditions',
        id: id as number,
        data: forged,
        overrideAccess: true,
      })
      expect(await cms.read('renditions', id)).toMatchObject({ status: 'completed', transcript })
    })

    test('does not put back a job that moved on while it was stored', async () => {
      // In the save's own transaction: SQLite lets no other write while it lasts.
      meanwhile = async (req) => {
        await cms.payload.db.updateOne({
          collection: 'renditions',
          where: { id: { equals: id } },
          data: { sequence: 7, status: 'composing', progress: 80 },
          req,
        })
      }
      await save({ alt: own })
      expect(await cms.read('renditions', id)).toMatchObject({
        alt: own,
        sequence: 7,
        status: 'composing',
        progress: 80,
      })
    })

    test('is no news of the service: what it was asked since is still under way', async () => {
      await next({ status: 'failed', file: null, transcript: null })
      await cms.change('videos', video.id, { stage: 'retry' })
      await save({ alt: own })
      const status = `/reelwright/videos/${String(video.id)}/status`
      expect((await cms.ask<VideoStatus>('GET', status)).body).toMatchObject({ retrying: true })
    })

    test('is for those of the project', async () => {
      const insider = await cms.signedInAs(`insider-${String(video.id)}@example.org`)
      const outsider = await cms.signedInAs(`outsider-${String(video.id)}@example.org`)
      const project = video.project as number
      projectsOf.set(`insider-${String(video.id)}@example.org`, [project])
      projectsOf.set(`outsider-${String(video.id)}@example.org`, [project + 1_000])
      expect((await outsider.ask('PATCH', path(), { alt: 'Mine' })).status).toBe(403)
      expect((await outsider.ask('GET', path())).status).toBe(404)
      expect((await cms.ask('PATCH', path(), { alt: 'Mine' }, { anonymous: true })).status).toBe(
        403,
      )
      expect((await insider.ask('PATCH', path(), { alt: own })).status).toBe(200)
      expect(await cms.read('renditions', id)).toMatchObject({ alt: own })
    })
  })
})
