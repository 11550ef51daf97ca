/** Money: the price of what is not saved yet, approvals at a price, and calls that were lost. */
import type { CmsEvent } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { type Answer, Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { plugin, user } from '../support/constants.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const bridge = new Bridge()
let cms: Cms
let mayApprove = true

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({ bridgeUrl: bridge.url, plugin: { access: { approve: () => mayApprove } } })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  mayApprove = true
  bridge.asked = []
  bridge.received.length = 0
  bridge.answer = () => ({ status: 202 })
  bridge.answers = { '/estimate': { status: 200, body: offer } }
})

const offer = {
  storyboardDigest: 'abc',
  estimatedCost: '0.400000',
  usualCost: '0.110000',
  difference: '0.140000',
  usualDifference: '0.050000',
  toApprove: '0.400000',
  needs: '0.000000',
  lostAtMost: '0.500000',
  scenes: [{ sceneId: 's1', due: '0.140000', usualDue: '0.050000', clipDue: '0.090000' }],
  warnings: [{ code: 'cast_missing', message: 'Nobody is called so.', params: { name: 'Ada' } }],
}

async function draft(): Promise<Doc> {
  const video = await cms.makeVideo({ stage: 'submitted' })
  const { body } = await cms.putStoryboard(storyboardWrite(video))
  return cms.read('storyboards', body.id)
}

describe('the price of an edit', () => {
  const address = (doc: Doc) => `/reelwright/storyboards/${String(doc.id)}/price`

  test('is that of the form as it stands, and nothing is saved', async () => {
    const storyboard = await draft()
    const [first, second] = storyboard.scenes as Record<string, unknown>[]
    const scenes = [second, { ...first, narration: 'We open at eight.' }, { narration: 'New.' }]
    const { body, headers, status } = await cms.ask('POST', address(storyboard), {
      scenes,
      style: 'Ink',
      jobId: 'another job',
      estimatedCost: '0',
    })
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('private, no-store')
    expect(body).toEqual({
      estimatedCost: '0.400000',
      usualCost: '0.110000',
      difference: '0.140000',
      usualDifference: '0.050000',
      toApprove: '0.400000',
      needs: '0.000000',
      lostAtMost: '0.500000',
      changes: [],
      scenes: [
        {
          ...{ due: '0.140000', usualDue: '0.050000', sceneId: 's2' },
          ...{ clipDue: '0.090000', usualClipDue: '0' },
          digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
          approval: { state: 'none', by: '', at: null },
        },
      ],
      warnings: offer.warnings,
    })
    const [question] = bridge.asked
    expect(question).toMatchObject({
      authorization: `Bearer ${plugin.apiKey}`,
      path: `/api/v1/jobs/${String(storyboard.jobId)}/estimate`,
      body: {
        storyboard: {
          title: 'Opening hours',
          style: 'Ink',
          scenes: [
            { id: 's2', duration: 4.5, motion: 'pan_left' },
            { id: 's1', narration: 'We open at eight.' },
            { id: expect.stringMatching(/^scene-/) as string, narration: 'New.' },
          ],
        },
      },
    })
    expect(await cms.read('storyboards', storyboard.id)).toEqual(storyboard)
    expect(bridge.types).not.toContain('storyboard.edited')
  })

  test('has nothing on top where the service is older and tells nothing of it', async () => {
    const older = Object.fromEntries(
      Object.entries(offer).filter(([name]) => name !== 'lostAtMost'),
    )
    bridge.answers = { '/estimate': { status: 200, body: older } }
    const { body } = await cms.ask('POST', address(await draft()), {})
    expect(body).toMatchObject({ estimatedCost: '0.400000', lostAtMost: '0' })
  })

  test('of nothing changed is that of what is saved', async () => {
    const storyboard = await draft()
    expect((await cms.ask('POST', address(storyboard), {})).status).toBe(200)
    expect(bridge.asked[0]?.body).toMatchObject({
      storyboard: { scenes: [{ id: 's1' }, { id: 's2' }] },
    })
  })

  test('is told to nobody who may not read the storyboard', async () => {
    const storyboard = await draft()
    const { status } = await cms.ask('POST', address(storyboard), {}, { anonymous: true })
    expect([403, 404]).toContain(status)
    expect(bridge.asked).toEqual([])
  })

  test.for([[[]], ['text'], [{ scenes: 'none' }], [{ scenes: [1] }]])(
    'is not asked for with %j',
    async ([body]) => {
      const storyboard = await draft()
      expect((await cms.ask('POST', address(storyboard), body)).status).toBe(400)
      expect(bridge.asked).toEqual([])
    },
  )

  test('that the service refuses to name comes with its reason', async () => {
    const storyboard = await draft()
    const refused = { code: 'limit_exceeded', detail: 'Too long.', params: { limit: 3 } }
    bridge.answers = { '/estimate': { status: 422, body: refused } }
    const { body, status } = await cms.ask('POST', address(storyboard), {})
    expect(status).toBe(422)
    expect(body).toMatchObject(refused)
  })

  test.for<Answer>([
    { status: 500, body: { detail: 'A secret.', code: 'x' } },
    { status: 401, body: {} },
    { status: 200, body: { estimatedCost: 1 } },
    { status: 200, body: null },
  ])('that nobody can read is no price: %j', async (answer) => {
    const storyboard = await draft()
    bridge.answers = { '/estimate': answer }
    const { body, status } = await cms.ask('POST', address(storyboard), {})
    expect(status).toBe(502)
    expect(JSON.stringify(body)).not.toContain('secret')
  })
})

describe('an approval', () => {
  const approvals = (): Extract<CmsEvent, { type: 'storyboard.approved' }>['data'][] =>
    bridge.received.flatMap(({ event }) =>
      event.type === 'storyboard.approved' ? [event.data] : [],
    )

  test('carries the price that was shown', async () => {
    const { id } = await draft()
    const saved = await cms.change('storyboards', id, {
      decision: 'approved',
      approvedCost: '0.400000',
    })
    expect(saved).toMatchObject({ approvedCost: '0.400000', approvedBy: user.email })
    await vi.waitFor(() => expect(approvals()).toMatchObject([{ estimatedCost: '0.400000' }]))
  })

  test('that names no price sends none', async () => {
    const { id } = await draft()
    await cms.change('storyboards', id, { decision: 'approved' })
    await vi.waitFor(() => expect(approvals()).toHaveLength(1))
    expect(approvals()[0]).not.toHaveProperty('estimatedCost')
  })

  test('at a price that was refused can be given again at another', async () => {
    const { id } = await draft()
    const changed = {
      code: 'price_changed',
      detail: 'The price has changed since it was shown.',
      params: { seen: '0.4', estimatedCost: '0.5' },
    }
    bridge.answer = () => ({ status: 409, body: changed })
    await cms.change('storyboards', id, { decision: 'approved', approvedCost: '0.4' })
    const refused = async (): Promise<string | undefined> =>
      (await cms.outbox()).filter(({ state }) => state === 'refused').at(-1)?.problem?.code
    await vi.waitFor(async () => expect(await refused()).toBe('price_changed'))

    // It is not approved, and nothing says that it were.
    const shown = { decision: 'pending', approvedBy: null, approvedAt: null, approvedCost: null }
    await vi.waitFor(async () => expect(await cms.read('storyboards', id)).toMatchObject(shown))

    bridge.answer = () => ({ status: 202 })
    await cms.change('storyboards', id, { decision: 'approved', approvedCost: '0.4' })
    await cms.change('storyboards', id, { decision: 'approved', approvedCost: '0.5' })
    await vi.waitFor(() =>
      expect(approvals().map(({ estimatedCost }) => estimatedCost)).toEqual(['0.4', '0.4', '0.5']),
    )
  })

  test('that was refused after somebody decided anew takes nothing back', async () => {
    const { id } = await draft()
    let decided: Promise<unknown> = Promise.resolve()
    bridge.answer = (event) => {
      if (event.type !== 'storyboard.approved' || event.data.estimatedCost !== '0.4') {
        return { status: 202 }
      }
      decided = cms.change('storyboards', id, { decision: 'approved', approvedCost: '0.5' })
      return { status: 409, body: { code: 'price_changed', detail: 'Changed.' } }
    }
    await cms.change('storyboards', id, { decision: 'approved', approvedCost: '0.4' })
    await vi.waitFor(() => expect(approvals()).toHaveLength(2))
    await decided
    expect(await cms.read('storyboards', id)).toMatchObject({
      decision: 'approved',
      approvedCost: '0.5',
    })
  })

  test('says whether the same save changed the storyboard', async () => {
    const { id } = await draft()
    await cms.change('storyboards', id, { decision: 'approved', title: 'Other hours' })
    await vi.waitFor(() => expect(approvals()).toMatchObject([{ edited: true }]))
    await cms.change('storyboards', id, { decision: 'approved', approvedCost: '0.5' })
    await vi.waitFor(() => expect(approvals()).toHaveLength(2))
    expect(approvals()[1]).not.toHaveProperty('edited')
  })

  test('of what others have changed since it was read is refused, and buys nothing', async () => {
    const { id } = await draft()
    const { revisionSeen: read } = await cms.read('storyboards', id)
    await cms.change('storyboards', id, { style: 'Ink' })
    const path = `/storyboards/${String(id)}`
    const approve = { decision: 'approved', approvedCost: '0.4' }
    const late = await cms.ask('PATCH', path, { ...approve, revisionSeen: read })
    expect(late.status).toBe(409)
    expect(JSON.stringify(late.body)).toContain('This has changed since it was shown.')
    const saved = await cms.read('storyboards', id)
    expect(saved).toMatchObject({ decision: 'pending', style: 'Ink' })
    expect(approvals()).toEqual([])
    const now = await cms.ask('PATCH', path, { ...approve, revisionSeen: saved.revisionSeen })
    expect(now.status).toBe(200)
    await vi.waitFor(() => expect(approvals()).toMatchObject([{ storyboard: { style: 'Ink' } }]))
  })

  test('nor is what others have written since written over by a form that was opened before', async () => {
    const { id, revisionSeen: read, title } = await draft()
    await cms.change('storyboards', id, { style: 'Ink', decision: 'approved' })
    const path = `/storyboards/${String(id)}`
    const save = (data: object, language = 'en') => cms.ask('PATCH', path, data, { language })
    const form = { title, style: 'Chalk', revisionSeen: read }
    const refused = await save(form)
    expect(refused.status).toBe(409)
    expect(JSON.stringify(refused.body)).toContain('Not saved, because the storyboard')
    expect(JSON.stringify((await save(form, 'de')).body)).toContain('Nicht gespeichert, weil')
    const { revisionSeen: now, ...saved } = await cms.read('storyboards', id)
    expect(saved).toMatchObject({ decision: 'approved', style: 'Ink' })
    // What changes nothing may come late; so may who does not say what was read.
    expect((await save({ style: 'Ink', revisionSeen: read })).status).toBe(200)
    expect((await save({ ...form, revisionSeen: now })).status).toBe(200)
    expect((await save({ style: 'Wax' })).status).toBe(200)
    expect(await cms.read('storyboards', id)).toMatchObject({ decision: 'pending', style: 'Wax' })
  })

  test('at another price needs the right to approve as well', async () => {
    const { id } = await draft()
    await cms.change('storyboards', id, { decision: 'approved', approvedCost: '0.4' })
    mayApprove = false
    const path = `/storyboards/${String(id)}`
    const { status } = await cms.ask('PATCH', path, { decision: 'approved', approvedCost: '0.5' })
    expect(status).toBe(403)
    expect(await cms.read('storyboards', id)).toMatchObject({ approvedCost: '0.4' })
  })

  test('is taken back by an edit, with its price', async () => {
    const { id } = await draft()
    await cms.change('storyboards', id, { decision: 'approved', approvedCost: '0.4' })
    const saved = await cms.change('storyboards', id, { title: 'Other hours' })
    expect(saved).toMatchObject({ decision: 'pending', approvedCost: null })
  })

  test('keeps no price from a save that does not approve', async () => {
    const { id } = await draft()
    const saved = await cms.change('storyboards', id, { approvedCost: '0.4' })
    expect(saved).toMatchObject({ decision: 'pending', approvedCost: null })
  })

  test.for(['much', '-1', '1e9', '0.1234567'])('at %j is refused', async (approvedCost) => {
    const { id } = await draft()
    const path = `/storyboards/${String(id)}`
    const { status } = await cms.ask('PATCH', path, { decision: 'approved', approvedCost })
    expect(status).toBe(400)
  })
})

describe('a call that was lost', () => {
  async function rendition(): Promise<Doc> {
    const video = await cms.makeVideo({ stage: 'submitted' })
    const { body } = await cms.putRendition(renditionWrite(video, { status: 'failed' }))
    return cms.read('renditions', body.id)
  }
  const address = (doc: Doc) => `/reelwright/renditions/${String(doc.id)}/charges/${charge}/resolve`
  const charge = '6f1c6f52-3c43-4a0e-9a2f-0d3f2b7c1f5e'

  test.for(['charged', 'not_charged'])('is %s by the word of a person', async (outcome) => {
    const doc = await rendition()
    bridge.answers = { '/resolve': { status: 200, body: {} } }
    expect((await cms.ask('POST', address(doc), { outcome })).status).toBe(204)
    expect(bridge.asked).toEqual([
      {
        authorization: `Bearer ${plugin.apiKey}`,
        path: `/api/v1/videos/jobs/${String(doc.jobId)}/charges/${charge}/resolve`,
        body: { outcome, by: user.email },
      },
    ])
  })

  test('is not for those who may not spend, nor for strangers', async () => {
    const doc = await rendition()
    mayApprove = false
    expect((await cms.ask('POST', address(doc), { outcome: 'charged' })).status).toBe(403)
    mayApprove = true
    const options = { anonymous: true }
    const { status } = await cms.ask('POST', address(doc), { outcome: 'charged' }, options)
    expect([403, 404]).toContain(status)
    expect(bridge.asked).toEqual([])
  })

  test('has two possible ends', async () => {
    const doc = await rendition()
    expect((await cms.ask('POST', address(doc), { outcome: 'forgotten' })).status).toBe(400)
    expect(bridge.asked).toEqual([])
  })

  test('that is known by now says so', async () => {
    const doc = await rendition()
    const known = { code: 'charge_not_unknown', detail: 'This charge is settled.', params: {} }
    bridge.answers = { '/resolve': { status: 409, body: known } }
    const { body, status } = await cms.ask('POST', address(doc), { outcome: 'charged' })
    expect(status).toBe(409)
    expect(body).toMatchObject(known)
  })
})
