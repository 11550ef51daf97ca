/** Publishing, where the host has drafts: a film that is held back goes out only when someone says why. */
import type { Problem } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { userName } from '../../src/user.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { type Database, emptyDatabases } from '../support/databases.ts'
import { renditionWrite } from '../support/samples.ts'

const file = { number: 1, duration: 5, width: 1920, height: 1080, bytes: 1000 }
const placeholder: Problem = { code: 'placeholder_used', message: 'A placeholder was used.' }
const unknownCharge: Problem = { code: 'charge_unknown', message: 'A call may have been charged.' }

describe.each(Object.entries(emptyDatabases))('on %s', (_, begin) => {
  const bridge = new Bridge()
  let database: Database
  let cms: Cms
  let chief: Cms

  beforeAll(async () => {
    await bridge.start()
    database = await begin()
    cms = await startCms({
      bridgeUrl: bridge.url,
      plugin: {
        access: { publishAnyway: ({ req }) => userName(req.user) === 'chief@example.org' },
        overrides: {
          videos: (collection) => ({ ...collection, versions: { drafts: true } }),
        },
      },
      ...database.options,
    })
    chief = await cms.signedInAs('chief@example.org')
  })
  afterAll(async () => {
    await cms.close()
    await bridge.stop()
    await database.stop?.(cms)
  })

  /** Return a draft whose film is finished, with these warnings. */
  async function filmed(...warnings: Problem[]): Promise<Doc> {
    const video = await cms.makeVideo({ stage: 'submitted' })
    await cms.putRendition(renditionWrite(video, { status: 'completed', file, warnings }))
    return video
  }

  const publish = (who: Cms, { id }: Doc, data: object = {}, language = 'en') =>
    who.ask('PATCH', `/videos/${String(id)}`, { _status: 'published', ...data }, { language })

  const refusal = (words: unknown) => ({ status: 409, body: { errors: [{ message: words }] } })

  test('a film without fault is published', async () => {
    const video = await filmed({ code: 'model_fallback', message: 'Another model.' })
    expect((await publish(cms, video)).status).toBe(200)
    expect(await cms.read('videos', video.id)).toMatchObject({ _status: 'published' })
  })

  test.for([
    ['en', placeholder, /^Not published\. The film holds placeholders/],
    ['de', placeholder, /^Nicht veröffentlicht\. Der Film enthält Platzhalter/],
    ['fr', unknownCharge, /^Non publié\. Personne n’a encore dit/],
    ['es', unknownCharge, /^Sin publicar\. Nadie ha dicho todavía/],
  ] as const)('one that is held back is not, and says why (%s)', async ([language, why, words]) => {
    const video = await filmed(why)
    const refused = await publish(cms, video, {}, language)
    expect(refused).toMatchObject(refusal(expect.stringMatching(words)))
    expect(await cms.read('videos', video.id)).toMatchObject({ _status: 'draft' })
  })

  test('neither among many, nor by a program, nor by restoring a version', async () => {
    const [held, free] = [await filmed(placeholder), await filmed()]
    const ids = `${String(held.id)},${String(free.id)}`
    const path = `/videos?where[id][in]=${ids}&depth=0`
    const { body } = await cms.ask<{ docs: Doc[]; errors: unknown[] }>('PATCH', path, {
      _status: 'published',
    })
    expect(body.docs.map(({ id }) => id)).toEqual([free.id])
    expect(body.errors).toEqual([expect.objectContaining({ id: held.id })])
    const byProgram = cms.payload.update({
      collection: 'videos',
      id: held.id,
      data: { _status: 'published' },
      overrideAccess: true,
    })
    await expect(byProgram).rejects.toThrow('Not published.')

    const published = await cms.makeVideo({ stage: 'submitted', _status: 'published' })
    await cms.change('videos', published.id, { title: 'Changed', _status: 'draft' })
    const write = { status: 'completed' as const, file, warnings: [placeholder] }
    await cms.putRendition(renditionWrite(published, write))
    const where = `where[parent][equals]=${String(published.id)}&sort=createdAt`
    const versions = await cms.ask<{ docs: Doc[] }>('GET', `/videos/versions?${where}`)
    const first = `/videos/versions/${String(versions.body.docs[0]?.id)}`
    expect((await cms.ask('POST', first)).status).toBe(409)
    expect(await cms.read('videos', published.id)).toMatchObject({ _status: 'draft' })
  })

  test('who may publish it all the same says why, and it is recorded', async () => {
    const video = await filmed(placeholder)
    // Without a reason even the chief is refused; with one, nobody else is heard.
    expect((await publish(chief, video, { publishAnyway: ' ' })).status).toBe(409)
    expect((await publish(cms, video, { publishAnyway: 'I want it.' })).status).toBe(409)
    const reason = 'The placeholder is our own drawing.'
    expect((await publish(chief, video, { publishAnyway: reason })).status).toBe(200)

    const said = { by: 'chief@example.org', reason, at: expect.any(String) as string }
    const doc = await cms.read('videos', video.id)
    expect(doc).toMatchObject({ _status: 'published', publishedAnyway: said })
    expect(doc).not.toHaveProperty('publishAnyway', reason)
    // It is nobody's to write or to take away, and holds for this film as it is.
    await cms.change('videos', video.id, { publishedAnyway: { by: 'me' }, _status: 'draft' })
    expect(await cms.read('videos', video.id)).toMatchObject({ publishedAnyway: said })
    expect((await publish(cms, video)).status).toBe(200)
    await cms.change('videos', video.id, { _status: 'draft' })
    const next = { ...file, number: 2 }
    const write = { sequence: 2, file: next, warnings: [placeholder] }
    await cms.putRendition(renditionWrite(video, { status: 'completed', ...write }))
    expect((await publish(cms, video)).status).toBe(409)
  })

  test('a film that is made once more, whole this time, is published', async () => {
    const video = await filmed(placeholder, unknownCharge)
    await cms.change('videos', video.id, { stage: 'resubmit' })
    const again = { jobId: 'again', submission: 2, status: 'completed', file } as const
    await cms.putRendition(renditionWrite(video, { ...again, jobId: `again-${String(video.id)}` }))
    expect((await publish(cms, video)).status).toBe(200)
  })

  test('where no film is there yet, nothing is held back', async () => {
    const video = await cms.makeVideo({ stage: 'submitted' })
    const failed = { status: 'failed' as const, warnings: [unknownCharge] }
    await cms.putRendition(renditionWrite(video, failed))
    const { body } = await cms.ask('GET', `/reelwright/videos/${String(video.id)}/status`)
    expect(body).toMatchObject({ hold: null, rendition: { status: 'failed' } })
    expect((await publish(cms, video)).status).toBe(200)
  })

  test('the panel says what holds a film back, and to whom it is open', async () => {
    const { id } = await filmed(placeholder)
    const status = `/reelwright/videos/${String(id)}/status`
    const hold = { reasons: ['placeholders'], isPermitted: false }
    expect((await cms.ask('GET', status)).body).toMatchObject({
      hold: { ...hold, mayPublish: false },
    })
    expect((await chief.ask('GET', status)).body).toMatchObject({
      hold: { ...hold, mayPublish: true },
    })
  })
})
