/** Scenes are approved one by one, each at its price; with the last of them the storyboard is. */
import type {
  CmsEvent,
  Price,
  ProjectScope,
  SceneApproval,
  SceneApproved,
  SceneStanding,
  StoryboardChange,
  VideoStatus,
} from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { userName } from '../../src/user.ts'
import { Bridge } from '../support/bridge.ts'
import { type Answer, type Cms, type Doc, startCms } from '../support/cms.ts'
import { user } from '../support/constants.ts'
import { type Database, databases } from '../support/databases.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

type Row = Record<string, unknown> & { id: string; sceneId: string }
type Drafted = Record<'storyboard' | 'video', Doc>

const writer = 'writer@example.org'
const outsider = 'outsider@example.org'

describe.each(Object.entries(databases))('on %s', (_, begin) => {
  const bridge = new Bridge()
  let database: Database
  let cms: Cms
  let others: Record<'chief' | 'outsider' | 'writer', Cms>
  const projectsOf = new Map<string, ProjectScope>()

  beforeAll(async () => {
    await bridge.start()
    database = await begin()
    cms = await startCms({
      bridgeUrl: bridge.url,
      ...database.options,
      plugin: {
        access: {
          approve: ({ req }) => userName(req.user) !== writer,
          projects: ({ req }) => projectsOf.get(userName(req.user)) ?? 'all',
        },
      },
    })
    projectsOf.set(outsider, [])
    others = {
      chief: await cms.signedInAs('chief@example.org'),
      outsider: await cms.signedInAs(outsider),
      writer: await cms.signedInAs(writer),
    }
  })
  afterAll(async () => {
    await cms.close()
    await bridge.stop()
    await database.stop?.(cms)
  })
  beforeEach(() => {
    costs('0.100000', '0.040000')
  })

  /** Let each scene cost so much, and the whole all of it together. */
  function costs(...due: string[]): void {
    const whole = due.reduce((sum, each) => sum + Number(each), 0).toFixed(6)
    bridge.answers = {
      '/estimate': {
        status: 200,
        body: {
          ...{ storyboardDigest: 'abc', estimatedCost: whole, usualCost: whole },
          ...{ difference: whole, usualDifference: whole, toApprove: whole, needs: '0.000000' },
          scenes: due.map((each) => ({ due: each, usualDue: each })),
        },
      },
    }
  }

  async function told(): Promise<CmsEvent[]> {
    await vi.waitFor(
      async () => {
        const rows = await cms.outbox()
        expect(rows.filter(({ state }) => state === 'queued')).toEqual([])
      },
      { timeout: 20_000, interval: 25 },
    )
    return bridge.received.splice(0).map(({ event }) => event)
  }

  async function drafted(approveScenes = false): Promise<Drafted> {
    const video = await cms.makeVideo({ stage: 'submitted' })
    if (approveScenes) await cms.change('projects', video.project, { approveScenes })
    await cms.putRendition(renditionWrite(video, { status: 'storyboard_complete' }))
    const { body } = await cms.putStoryboard(storyboardWrite(video))
    const storyboard = await cms.read('storyboards', body.id)
    await told()
    return { storyboard, video }
  }

  const rowsOf = async ({ id }: Doc): Promise<Row[]> =>
    (await cms.read('storyboards', id)).scenes as Row[]

  async function priceOf({ id }: Doc, edit: object = {}): Promise<Price> {
    return (await cms.ask<Price>('POST', `/reelwright/storyboards/${String(id)}/price`, edit)).body
  }

  async function standings(storyboard: Doc, edit: object = {}): Promise<SceneStanding[]> {
    return (await priceOf(storyboard, edit)).scenes.map(({ approval }) => approval)
  }

  const statesOf = async (storyboard: Doc, edit: object = {}): Promise<string[]> =>
    (await standings(storyboard, edit)).map(({ state }) => state)

  const approvals = async ({ id }: Doc): Promise<unknown> =>
    (await cms.read('storyboards', id)).sceneApprovals

  const statusOf = async ({ id }: Doc, who = cms): Promise<VideoStatus> =>
    (await who.ask<VideoStatus>('GET', `/reelwright/videos/${String(id)}/status`)).body

  /** Press the button of a scene, as it was shown; or say that something else was. */
  async function press(
    storyboard: Doc,
    index: number,
    { seen = {}, who = cms }: { seen?: object; who?: Cms } = {},
  ): Promise<Answer<SceneApproved>> {
    const { scenes, toApprove } = await priceOf(storyboard)
    const { digest, due, sceneId } = scenes[index] ?? { digest: '', due: '0', sceneId: '' }
    const path = `/reelwright/storyboards/${String(storyboard.id)}/scenes/${sceneId}/approve`
    return who.ask('POST', path, { digest, due, toApprove, ...seen })
  }

  const edit = async (storyboard: Doc, index: number, change: object): Promise<Doc> =>
    cms.change('storyboards', storyboard.id, {
      scenes: (await rowsOf(storyboard)).map(({ id }, at) =>
        at === index ? { id, ...change } : { id },
      ),
    })

  const approveWhole = ({ id }: Doc, language = 'en'): Promise<Answer<{ errors?: Doc[] }>> =>
    cms.ask('PATCH', `/storyboards/${String(id)}`, { decision: 'approved' }, { language })

  test('one by one, they are one approval at the whole price', async () => {
    const { storyboard, video } = await drafted()
    expect(await statesOf(storyboard)).toEqual(['none', 'none'])
    const first = await press(storyboard, 0)
    expect(first.status).toBe(200)
    expect(first.body).toEqual({ approvedScenes: 1, scenes: 2, decision: 'pending', revision: 0 })
    expect(await standings(storyboard)).toMatchObject([
      { state: 'approved', by: user.email, at: expect.stringMatching(/^\d{4}-/) as string },
      { state: 'none', by: '', at: null },
    ])
    expect(await approvals(storyboard)).toMatchObject([
      { scene: 's1', price: '0.100000', by: user.email },
    ])
    expect((await statusOf(video)).storyboard).toMatchObject({ approvedScenes: 1, byScene: false })
    expect(await told()).toEqual([])

    const last = await press(storyboard, 1, { who: others.chief })
    expect(last.body).toEqual({ approvedScenes: 2, scenes: 2, decision: 'approved', revision: 1 })
    const [event, ...more] = await told()
    expect(more).toEqual([])
    expect(event).toMatchObject({
      type: 'storyboard.approved',
      data: { estimatedCost: '0.140000', by: 'chief@example.org', revision: 1 },
    })
    expect(event?.data).not.toHaveProperty('edited')
    expect(await cms.read('storyboards', storyboard.id)).toMatchObject({
      ...{ decision: 'approved', approvedCost: '0.140000', approvedBy: 'chief@example.org' },
      sceneApprovals: [
        { scene: 's1', by: user.email },
        { scene: 's2', by: 'chief@example.org' },
      ],
    })
    // Pressed once more, it says and changes nothing.
    expect((await press(storyboard, 1)).body.decision).toBe('approved')
    expect(await told()).toEqual([])
  })

  test('the last two at once are one approval, and neither is lost', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const { storyboard } = await drafted()
      const pressed = await Promise.all([
        press(storyboard, 0),
        press(storyboard, 1, { who: others.chief }),
      ])
      expect(pressed.map(({ status }) => status)).toEqual([200, 200])
      const events = await told()
      expect(events.map(({ type }) => type)).toEqual(['storyboard.approved'])
      expect(events[0]?.data).toMatchObject({ estimatedCost: '0.140000', revision: 1 })
      expect(await cms.read('storyboards', storyboard.id)).toMatchObject({
        decision: 'approved',
        sceneApprovals: [
          { scene: 's1', by: user.email },
          { scene: 's2', by: 'chief@example.org' },
        ],
      })
    }
  })

  test('four who press the last have approved once', async () => {
    const { storyboard } = await drafted()
    await press(storyboard, 0)
    const pressed = await Promise.all(Array.from({ length: 4 }, () => press(storyboard, 1)))
    expect(pressed.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await told()).map(({ type }) => type)).toEqual(['storyboard.approved'])
  })

  test('an edit voids that of its scene, and no other; what was undone is still to be looked at', async () => {
    const { storyboard } = await drafted()
    await press(storyboard, 0)
    const [first] = await rowsOf(storyboard)
    await edit(storyboard, 1, { narration: 'We close late.' })
    expect(await statesOf(storyboard)).toEqual(['approved', 'none'])
    await edit(storyboard, 0, { narration: 'We open late.' })
    expect(await standings(storyboard)).toMatchObject([
      { state: 'changed', by: user.email },
      { state: 'none' },
    ])
    await edit(storyboard, 0, { narration: first?.narration })
    expect(await statesOf(storyboard)).toEqual(['changed', 'none'])
    await press(storyboard, 1)
    expect(await statesOf(storyboard)).toEqual(['changed', 'approved'])
    expect((await press(storyboard, 0)).body.decision).toBe('approved')
    const types = (await told()).map(({ type }) => type)
    expect(types.filter((type) => type === 'storyboard.approved')).toHaveLength(1)
  })

  test('what is only typed shows what saving it would void', async () => {
    const { storyboard } = await drafted()
    await press(storyboard, 0)
    const [first, ...rows] = await rowsOf(storyboard)
    const typed = { scenes: [{ ...first, narration: 'Typed.' }, ...rows] }
    expect(await statesOf(storyboard, typed)).toEqual(['changed', 'none'])
    expect(await statesOf(storyboard)).toEqual(['approved', 'none'])
  })

  test('what is said of the whole film voids all, but for its title and its music', async () => {
    const { storyboard } = await drafted()
    await press(storyboard, 0)
    await cms.change('storyboards', storyboard.id, { title: 'Hours', musicMood: 'warm' })
    expect(await statesOf(storyboard)).toEqual(['approved', 'none'])
    for (const change of [{ style: 'Ink' }, { voice: 'Kore' }, { captions: 'box' }]) {
      await cms.change('storyboards', storyboard.id, change)
      expect(await statesOf(storyboard)).toEqual(['changed', 'none'])
      await press(storyboard, 0)
      expect(await statesOf(storyboard)).toEqual(['approved', 'none'])
    }
  })

  test('moving and locking void nothing, and a duplicate is not approved', async () => {
    const { storyboard } = await drafted()
    await press(storyboard, 0)
    const rows = await rowsOf(storyboard)
    await cms.change('storyboards', storyboard.id, {
      scenes: rows.toReversed().map(({ id }) => ({ id })),
    })
    expect(await statesOf(storyboard)).toEqual(['none', 'approved'])
    await edit(storyboard, 1, { locked: true })
    expect(await statesOf(storyboard)).toEqual(['none', 'approved'])
    const [other, locked] = await rowsOf(storyboard)
    costs('0.040000', '0.100000', '0.100000')
    const copy = { ...locked, id: undefined, locked: false }
    await cms.change('storyboards', storyboard.id, { scenes: [other, locked, copy] })
    expect(await statesOf(storyboard)).toEqual(['none', 'approved', 'none'])
  })

  test('a higher price voids it, and a lower one does not', async () => {
    const { storyboard } = await drafted()
    await press(storyboard, 0)
    costs('0.090000', '0.040000')
    expect(await statesOf(storyboard)).toEqual(['approved', 'none'])
    costs('0.110000', '0.040000')
    expect(await statesOf(storyboard)).toEqual(['dearer', 'none'])
    // With the other one the storyboard is not approved: nobody has seen this price.
    expect((await press(storyboard, 1)).body).toMatchObject({ approvedScenes: 1 })
    costs('0.100000', '0.040000')
    expect(await statesOf(storyboard)).toEqual(['dearer', 'approved'])
    expect(await told()).toEqual([])
    expect((await press(storyboard, 0)).body.decision).toBe('approved')
    expect(await told()).toMatchObject([{ data: { estimatedCost: '0.140000' } }])
  })

  test('what somebody has not seen is not approved by them', async () => {
    const { storyboard } = await drafted()
    const seen = (await priceOf(storyboard)).scenes[0]
    await edit(storyboard, 0, { narration: 'We open late.' })
    const stale = await press(storyboard, 0, { seen: { digest: seen?.digest } })
    expect(stale).toMatchObject({ status: 409, body: { code: 'scene_changed' } })
    const cheaper = await press(storyboard, 0, { seen: { due: '0.090000' } })
    expect(cheaper).toMatchObject({
      status: 409,
      body: { code: 'price_changed', params: { seen: '0.090000', estimatedCost: '0.100000' } },
    })
    expect(await approvals(storyboard)).toEqual([])
    // A whole price that rose is for whoever approves the whole.
    await press(storyboard, 0)
    const last = await press(storyboard, 1, { seen: { toApprove: '0.100000' } })
    expect(last.body).toEqual({ approvedScenes: 2, scenes: 2, decision: 'pending', revision: 1 })
    expect((await approveWhole(storyboard)).status).toBe(200)
  })

  test('neither is anything that the service names no price of, or that is no word at all', async () => {
    const { storyboard } = await drafted()
    const path = `/reelwright/storyboards/${String(storyboard.id)}/scenes/s1/approve`
    const digest = (await priceOf(storyboard)).scenes[0]?.digest
    for (const body of [{}, { digest, due: '1' }, { digest, due: 'much', toApprove: '1' }, []]) {
      expect((await cms.ask('POST', path, body)).status).toBe(400)
    }
    const nowhere = path.replace('s1', 's9')
    const word = { digest, due: '1', toApprove: '1' }
    expect((await cms.ask('POST', nowhere, word)).status).toBe(404)
    const unpriced = path.replace('s1', 's2')
    const other = { ...word, digest: (await priceOf(storyboard)).scenes[1]?.digest }
    costs('0.100000')
    expect((await cms.ask('POST', unpriced, other)).status).toBe(502)
    bridge.answers = {}
    expect((await cms.ask('POST', path, word)).status).toBe(502)
    expect(await approvals(storyboard)).toBeNull()
  })

  test('who may not approve, or is not of the project, changes nothing and sees how it stands', async () => {
    const { storyboard, video } = await drafted()
    const refused = await press(storyboard, 0, { who: others.writer })
    expect(refused).toMatchObject({ status: 403, body: { code: 'not_an_approver' } })
    expect((await press(storyboard, 0, { who: others.outsider })).status).toBe(404)
    expect(await approvals(storyboard)).toBeNull()
    await press(storyboard, 0)
    const status = await statusOf(video, others.writer)
    expect(status).toMatchObject({ mayApprove: false, storyboard: { approvedScenes: 1 } })
    expect(status.approvers).toContain('chief@example.org')
    const anonymous = await cms.ask(
      'POST',
      `/reelwright/storyboards/${String(storyboard.id)}/scenes/s1/approve`,
      { digest: 'd', due: '1', toApprove: '1' },
      { anonymous: true },
    )
    expect(anonymous.status).toBeGreaterThanOrEqual(400)
    // Nor does who may not approve say how it is to be done.
    const path = `/projects/${String(video.project)}`
    await others.writer.ask('PATCH', path, { approveScenes: true })
    expect(await cms.read('projects', video.project)).toMatchObject({ approveScenes: false })
  })

  test('what is posted of it is passed over, whoever posts', async () => {
    const { storyboard } = await drafted()
    await press(storyboard, 0)
    const before = await approvals(storyboard)
    const { digest } = (await priceOf(storyboard)).scenes[1] ?? { digest: '' }
    const forged: SceneApproval[] = [
      { scene: 's1', digest: 'd', price: '9', by: 'nobody', at: new Date().toISOString() },
      { scene: 's2', digest, price: '9', by: 'nobody', at: new Date().toISOString() },
    ]
    for (const who of [cms, others.writer]) {
      await who.change('storyboards', storyboard.id, { sceneApprovals: forged })
      expect(await approvals(storyboard)).toEqual(before)
    }
    await cms.payload.update({
      collection: 'storyboards',
      id: storyboard.id,
      data: { sceneApprovals: forged },
      overrideAccess: true,
    })
    expect(await approvals(storyboard)).toEqual(before)
    expect(await told()).toEqual([])
  })

  test('an old version brings none back, and keeps those of scenes that it leaves as they are', async () => {
    const { storyboard } = await drafted()
    await press(storyboard, 0)
    await edit(storyboard, 1, { narration: 'We close late.' })
    await press(storyboard, 1)
    await told()
    const where = `where[parent][equals]=${String(storyboard.id)}&sort=createdAt`
    const { body } = await cms.ask<{ docs: Doc[] }>('GET', `/storyboards/versions?${where}`)
    // The version of the draft, with which neither was approved.
    const restored = await cms.ask('POST', `/storyboards/versions/${String(body.docs[0]?.id)}`)
    expect(restored.status).toBe(200)
    expect(await rowsOf(storyboard)).toMatchObject([{}, { narration: 'We close at six.' }])
    expect(await statesOf(storyboard)).toEqual(['approved', 'changed'])
    expect(await cms.read('storyboards', storyboard.id)).toMatchObject({ decision: 'pending' })
    // The one that was stored last, in which both stand approved.
    const last = await cms.ask('POST', `/storyboards/versions/${String(body.docs.at(-1)?.id)}`)
    expect(last.status).toBe(200)
    expect(await statesOf(storyboard)).toEqual(['approved', 'changed'])
  })

  test('a project may have each approved first: then the whole is refused in words', async () => {
    const { storyboard, video } = await drafted(true)
    const message = async (language: string): Promise<unknown> => {
      const { body, status } = await approveWhole(storyboard, language)
      expect(status).toBe(409)
      return body.errors?.[0]?.message
    }
    expect(await message('en')).toBe(
      'This project approves scene by scene. Nobody has approved scenes 1 and 2 yet.',
    )
    await press(storyboard, 0)
    expect(await message('de')).toBe(
      'Dieses Projekt gibt Szene für Szene frei. Noch nicht freigegeben ist Szene 2.',
    )
    expect((await statusOf(video)).storyboard).toMatchObject({ approvedScenes: 1, byScene: true })
    // Neither by a save that changes it, nor by a program.
    const { id } = storyboard
    const data = { decision: 'approved', title: 'Hours' } as const
    expect((await cms.ask('PATCH', `/storyboards/${String(id)}`, data)).status).toBe(409)
    const update = { collection: 'storyboards', id, data, overrideAccess: true } as const
    await expect(cms.payload.update(update)).rejects.toThrow('scene 2')
    expect(await told()).toEqual([])
    await press(storyboard, 1)
    expect((await told()).map(({ type }) => type)).toEqual(['storyboard.approved'])
    // At another price, once the service asks for one, the whole is approved again.
    await cms.change('storyboards', id, { decision: 'approved', approvedCost: '0.500000' })
    expect(await told()).toMatchObject([{ data: { estimatedCost: '0.500000' } }])
  })

  test('of a finished film that is edited, what changed is to be approved anew', async () => {
    const { storyboard, video } = await drafted()
    expect((await approveWhole(storyboard)).status).toBe(200)
    expect(await statesOf(storyboard)).toEqual(['approved', 'approved'])
    await cms.change('projects', video.project, { approveScenes: true })
    costs('0.000000', '0.000000')
    await edit(storyboard, 1, { narration: 'We close late.' })
    costs('0.000000', '0.040000')
    expect(await statesOf(storyboard)).toEqual(['approved', 'changed'])
    expect((await approveWhole(storyboard)).body.errors?.[0]?.message).toMatch(/scene 2 yet\.$/)
    expect((await press(storyboard, 1)).body.decision).toBe('approved')
    const events = (await told()).filter(({ type }) => type === 'storyboard.approved')
    expect(events.map(({ data }) => (data as StoryboardChange).estimatedCost)).toEqual([
      undefined,
      '0.040000',
    ])
    // What belongs to no scene is approved with the whole.
    await cms.change('storyboards', storyboard.id, { title: 'Hours' })
    expect((await approveWhole(storyboard)).status).toBe(200)
  })

  test('an approval that the service refuses leaves what was said of scenes, and no more', async () => {
    const { storyboard } = await drafted()
    await press(storyboard, 0)
    bridge.answer = () => ({ status: 409, body: { code: 'price_changed', detail: 'Changed.' } })
    await approveWhole(storyboard)
    await told()
    bridge.answer = () => ({ status: 202 })
    await vi.waitFor(async () =>
      expect(await cms.read('storyboards', storyboard.id)).toMatchObject({ decision: 'pending' }),
    )
    expect(await statesOf(storyboard)).toEqual(['approved', 'none'])
  })

  test('nothing is approved of a video in the trash', async () => {
    const { storyboard, video } = await drafted()
    await cms.change('videos', video.id, { deletedAt: new Date().toISOString() })
    const refused = await press(storyboard, 0)
    expect(refused).toMatchObject({ status: 409, body: { detail: expect.any(String) as string } })
    expect(await approvals(storyboard)).toBeNull()
  })
})
