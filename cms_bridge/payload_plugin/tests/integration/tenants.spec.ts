/** Beside the plugins for tenants and for search: what the service writes is whose its video is, once. */
import { multiTenantPlugin } from '@payloadcms/plugin-multi-tenant'
import { searchPlugin } from 'payload-search'
import type { CollectionConfig, Config, Payload, Plugin } from 'payload'
import { type CmsFile, reelwright, type ReelwrightOptions } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { plugin, user } from '../support/constants.ts'
import { emptyDatabases } from '../support/databases.ts'
import { png, renditionWrite, storyboardWrite } from '../support/samples.ts'

const asset = '6f1c6f52-3c43-4a0e-9a2f-0d3f2b7c1f5e'
const bound = ['projects', 'videos', 'storyboards', 'renditions', 'media']
const tenants: CollectionConfig = {
  slug: 'tenants',
  access: { read: ({ req }) => Boolean(req.user) },
  fields: [{ name: 'name', type: 'text' }],
}

interface Tenant {
  tenants?: { tenant: number | { id: number } }[] | null
}

/** As in the manual: the projects of a user are those of the user's tenants. */
const projects: NonNullable<ReelwrightOptions['access']>['projects'] = async ({ req }) => {
  const memberships = (req.user as null | Tenant)?.tenants ?? []
  const of = memberships.map(({ tenant }) => (typeof tenant === 'object' ? tenant.id : tenant))
  const { docs } = await req.payload.find({
    collection: 'projects',
    where: { tenant: { in: of } },
    depth: 0,
    pagination: false,
    overrideAccess: true,
    req,
  })
  return docs.map(({ id }) => id)
}

const others = (): Plugin[] => [
  multiTenantPlugin({
    collections: Object.fromEntries(bound.map((slug) => [slug, {}])),
    userHasAccessToAllTenants: () => false,
  }),
  searchPlugin({ collections: ['videos', 'storyboards', 'renditions'] }),
]

describe.each(['before', 'after'] as const)('the other plugins stand %s', (side) => {
  const bridge = new Bridge()
  let cms: Cms
  let ours: Doc
  let theirs: Doc
  let project: Doc
  let video: Doc
  let stranger: Cms

  beforeAll(async () => {
    await bridge.start()
    const database = await emptyDatabases.SQLite?.()
    cms = await startCms({
      bridgeUrl: bridge.url,
      ...database?.options,
      host: { collections: [tenants] },
      plugin: { access: { projects } },
      plugins: { [side]: others() },
    })
    const join = async (email: string, name: string): Promise<Doc> => {
      const data = { name }
      const tenant = (await cms.payload.create({ collection: 'tenants', data })) as unknown as Doc
      await cms.payload.update({
        collection: 'users',
        where: { email: { equals: email } },
        data: { tenants: [{ tenant: tenant.id }] },
      })
      return tenant
    }
    stranger = await cms.signedInAs('stranger@example.org')
    ours = await join(user.email, 'Harbour')
    theirs = await join('stranger@example.org', 'City')
    project = await cms.make('projects', { name: 'Harbour tours', tenant: ours.id })
    video = await cms.make('videos', {
      ...{ title: 'Opening hours', project: project.id, tenant: ours.id },
      ...{ script: 'We open at nine.', stage: 'submitted' },
    })
  })
  afterAll(async () => {
    await cms.close()
    await bridge.stop()
  })

  test('a write-back is of the tenant of its video, and is found once however often it came', async () => {
    for (const sequence of [1, 2]) {
      const rendition = await cms.putRendition(renditionWrite(video, { sequence }))
      expect(rendition).toMatchObject({ status: 200, body: { stored: true } })
      const storyboard = await cms.putStoryboard(storyboardWrite(video))
      expect(storyboard).toMatchObject({ status: 200, body: { stored: sequence === 1 } })
    }
    for (const slug of ['storyboards', 'renditions']) {
      const { docs } = await cms.payload.find({ collection: slug, depth: 0 })
      expect(docs).toEqual([expect.objectContaining({ tenant: ours.id })])
      const where = { 'doc.relationTo': { equals: slug } }
      expect((await cms.payload.count({ collection: 'search', where })).totalDocs).toBe(1)
    }
  })

  test('who is of the tenant decides on it, and who is of another sees nothing', async () => {
    const { docs } = await cms.payload.find({ collection: 'storyboards', depth: 0 })
    const storyboard = docs[0] as unknown as Doc
    const change = { decision: 'approved', revision: storyboard.revision }
    await cms.change('storyboards', storyboard.id, change)
    expect((await cms.outbox()).map(({ type }) => type)).toContain('storyboard.approved')
    expect(await cms.read('storyboards', storyboard.id)).toMatchObject({ tenant: ours.id })
    for (const slug of [...bound, 'reelwright-outbox']) {
      const seen = await stranger.ask('GET', `/${slug}`)
      expect(seen).toMatchObject({ status: 200, body: { totalDocs: 0 } })
    }
    const status = `/reelwright/videos/${String(video.id)}/status`
    expect((await cms.ask('GET', status)).status).toBe(200)
    expect((await stranger.ask('GET', status)).status).toBe(404)
  })

  test('a picture that was drawn for a project is of its tenant', async () => {
    const medium = { id: asset, projectId: project.serviceId, kind: 'image' }
    const body = { ...medium, status: 'ready', placeholder: false, mediaType: 'image/png' }
    bridge.answers[`/media/assets/${asset}`] = { status: 200, body }
    bridge.texts[`/api/v1/media/assets/${asset}/content`] = png
    const path = `/reelwright/projects/${String(project.id)}/made/${asset}/keep`
    const kept = await cms.ask('POST', path, { name: 'Mira' })
    expect(kept.status).toBe(200)
    expect(await cms.read('media', kept.body.value)).toMatchObject({ tenant: ours.id })
  })

  describe('a file of another tenant', () => {
    let storyboard: Doc
    let scene: Record<string, unknown>
    let foreign: CmsFile
    let own: CmsFile
    let face: CmsFile

    const picture = async (name: string, tenant: Doc): Promise<CmsFile> => {
      const made = await cms.payload.create({
        collection: 'media',
        data: { tenant: tenant.id },
        file: { data: png, mimetype: 'image/png', name, size: png.length },
      })
      const { filename, id, updatedAt } = made as unknown as Doc
      const named = { name: String(filename), version: String(updatedAt) }
      return { kind: 'cms', collection: 'media', document: String(id), ...named }
    }
    const save = (changes: object) =>
      stranger.ask('PATCH', `/storyboards/${String(storyboard.id)}`, changes, { language: 'de' })
    const showing = (named: CmsFile) => ({ scenes: [{ ...scene, own: { picture: named } }] })

    beforeAll(async () => {
      foreign = await picture('plans.png', ours)
      own = await picture('market.png', theirs)
      face = await picture('mayor.png', ours)
      const town = await stranger.make('projects', { name: 'Market', tenant: theirs.id })
      const film = await stranger.make('videos', {
        ...{ title: 'Market day', project: town.id, tenant: theirs.id },
        ...{ script: 'We open at nine.', stage: 'submitted' },
      })
      const write = storyboardWrite(film)
      // What the service itself writes is nobody's to refuse.
      const cast = [{ name: 'Mira', references: [face] }]
      const { body, status } = await cms.putStoryboard({
        ...write,
        storyboard: { ...write.storyboard, cast },
      })
      expect(status).toBe(200)
      storyboard = await stranger.read('storyboards', body.id)
      scene = (storyboard.scenes as Record<string, unknown>[])[0] ?? {}
    })

    test('is not taken by naming it, wherever', async () => {
      const saves = [
        showing(foreign),
        { scenes: [{ ...scene, own: { narrationFile: foreign } }] },
        { scenes: [{ ...scene, clip: { own: foreign } }] },
        { scenes: [{ ...scene, cast: [{ references: [foreign] }] }] },
        { music: { own: foreign } },
        { logo: { own: foreign } },
        { cast: [{ name: 'Mira', references: [face, foreign] }] },
        // Under a document of one's own, or one that nobody has.
        showing({ ...own, name: foreign.name }),
        showing({ ...foreign, document: '99999' }),
        showing({ ...foreign, document: '' }),
        // Kept for a moment when it would not be looked at.
        { scenes: [{ ...scene, background: { kind: 'solid' }, own: { picture: foreign } }] },
        { musicMood: 'calm', music: { own: foreign } },
      ]
      for (const changes of saves) {
        const { body, status } = await save(changes)
        expect([status, changes]).toEqual([409, changes])
        expect(JSON.stringify(body)).toContain('ist nicht in der Mediathek')
      }
      expect(await stranger.read('storyboards', storyboard.id)).toMatchObject({ revision: 0 })
    })

    test('nor chosen where the form hides the choice, and Payload checks none', async () => {
      const choice = { relationTo: 'media', value: Number(foreign.document) }
      const saves = [
        { musicMood: 'calm', musicFile: choice },
        { scenes: [scene, { narration: 'New.', locked: true, picture: choice }] },
      ]
      for (const changes of saves) expect((await save(changes)).status).toBe(409)
    })

    test('nor by the Local API of a host that asks for a user', async () => {
      const asker = await cms.payload.find({
        collection: 'users',
        where: { email: { equals: 'stranger@example.org' } },
      })
      const saving = cms.payload.update({
        collection: 'storyboards',
        id: storyboard.id,
        data: { logo: { own: foreign } },
        overrideAccess: false,
        user: asker.docs[0],
      })
      await expect(saving).rejects.toThrow('is not in the media library')
    })

    test('nor has it a price', async () => {
      const path = `/reelwright/storyboards/${String(storyboard.id)}/price`
      const { body, status } = await stranger.ask('POST', path, showing(foreign))
      expect(status).toBe(409)
      expect(body).toMatchObject({ code: 'file_unreadable', params: { file: foreign.name } })
    })

    test('nor does a project choose it', async () => {
      const logo = { picture: { relationTo: 'media', value: Number(foreign.document) } }
      const answer = await stranger.ask('POST', '/projects', { name: 'X', tenant: theirs.id, logo })
      expect(answer.status).toBe(400)
    })

    test('stays where it was, but comes back with no version once it was taken out', async () => {
      const kept = await save({ title: 'Market days' })
      expect(kept).toMatchObject({ status: 200, body: { doc: { cast: [{ references: [face] }] } } })
      expect((await save({ cast: [], ...showing(own) })).status).toBe(200)
      const where = `where[parent][equals]=${String(storyboard.id)}`
      const { body } = await stranger.ask<{ docs: Doc[] }>(
        'GET',
        `/storyboards/versions?sort=createdAt&${where}`,
      )
      const restore = (version: Doc | undefined) =>
        stranger.ask('POST', `/storyboards/versions/${String(version?.id)}`)
      expect((await restore(body.docs[0])).status).toBe(409)
      expect((await restore(body.docs.at(-1))).status).toBe(200)
    })

    test('is named by the host itself, which asks for nobody', async () => {
      const saved = await cms.payload.update({
        collection: 'storyboards',
        id: storyboard.id,
        data: { logo: { own: foreign } },
        overrideAccess: true,
      })
      expect(saved).toMatchObject({ logo: { own: foreign } })
    })
  })
})

test('a library that another plugin brings along is missed, and said to be', async () => {
  const options = { ...plugin, bridgeUrl: 'http://127.0.0.1:9', media: ['pictures'] }
  const config = await reelwright(options)({ collections: [] } as unknown as Config)
  const starting = Promise.resolve(config.onInit?.(Object.create(null) as Payload))
  await expect(starting).rejects.toThrow('media names "pictures"')
})
