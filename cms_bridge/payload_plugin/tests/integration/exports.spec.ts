/** Other forms of a finished film, and what a project has spent: asked of the bridge, never by the browser. */
import type { Export, ExportOrder } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { userName } from '../../src/user.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { renditionWrite } from '../support/samples.ts'

const bridge = new Bridge()
let cms: Cms
let writer: Cms
let reader: Cms
let video: Doc
let path: string
let place: string

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({
    bridgeUrl: bridge.url,
    plugin: {
      access: {
        approve: ({ req }) => userName(req.user) === 'editor@example.org',
        projects: ({ req }) => (userName(req.user) === 'writer@example.org' ? [1] : 'all'),
        write: ({ req }) => userName(req.user) !== 'reader@example.org',
      },
    },
  })
  writer = await cms.signedInAs('writer@example.org')
  reader = await cms.signedInAs('reader@example.org')
  video = await cms.makeVideo({ stage: 'submitted' })
  const file = { number: 1, duration: 5, width: 1920, height: 1080, bytes: 1000 }
  await cms.putRendition(renditionWrite(video, { status: 'completed', file }))
  path = `/reelwright/videos/${String(video.id)}/exports`
  place = `/api/v1/videos/job-${String(video.id)}/exports`
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  bridge.answers = {}
  bridge.asked.length = 0
})

const order: ExportOrder = {
  shapes: ['9:16', '1:1'],
  resolution: '1080p',
  format: 'h264',
  pictures: 'anew',
  captions: 'own',
  stream: false,
  previews: false,
}

/** An export as the bridge tells of it. */
const told = (changes: object = {}): Record<string, unknown> => ({
  id: 'export-1',
  status: 'storyboard_complete',
  progress: 20,
  aspectRatio: '9:16',
  resolution: '1080p',
  format: 'h264',
  cropped: false,
  storyboardDigest: 'abc',
  toApprove: '0.080000',
  rendition: null,
  error: null,
  ...changes,
})
const asked = (): string[] => bridge.asked.map(({ path: one }) => one.replace(place, '…'))

describe('an order', () => {
  test('of several shapes is priced shape by shape, and nothing is ordered by it', async () => {
    bridge.answers['/exports/estimate'] = {
      status: 200,
      body: { toApprove: '0.080000', lostAtMost: '0.500000' },
    }
    const { body } = await reader.ask('POST', `${path}/prices`, order)
    expect(body).toEqual([
      { shape: '9:16', toApprove: '0.080000', lostAtMost: '0.500000' },
      { shape: '1:1', toApprove: '0.080000', lostAtMost: '0.500000' },
    ])
    expect(asked()).toEqual(['…/estimate', '…/estimate'])
    const form = {
      resolution: '1080p',
      format: 'h264',
      pictures: 'anew',
      captions: null,
      hls: false,
    }
    expect(bridge.asked[0]?.body).toEqual({ aspectRatio: '9:16', ...form })
    expect(bridge.asked[0]?.authorization).toBe('Bearer key-of-the-tests')
  })

  test('that costs something begins at the price that was shown, for who may approve', async () => {
    bridge.answers['/exports'] = { status: 202, body: told() }
    bridge.answers['/approve'] = { status: 200, body: {} }
    bridge.answers['/render'] = { status: 202, body: {} }
    const prices = { '9:16': '0.080000', '1:1': '0.070000' }
    expect((await cms.ask('POST', `${path}/order`, { ...order, prices })).status).toBe(204)
    const job = '/api/v1/jobs/export-1'
    const each = ['…', `${job}/approve`, `${job}/render`]
    expect(asked()).toEqual([...each, ...each])
    const by = 'editor@example.org'
    expect(bridge.asked[0]?.body).toMatchObject({ aspectRatio: '9:16', by })
    expect(bridge.asked[1]?.body).toEqual({
      storyboardDigest: 'abc',
      estimatedCost: '0.080000',
      by,
    })
    expect(bridge.asked[4]?.body).toMatchObject({ estimatedCost: '0.070000' })
  })

  test('of burned captions, a stream and previews is asked for as such', async () => {
    bridge.answers['/exports/estimate'] = { status: 200, body: { toApprove: '0' } }
    const body = { ...order, shapes: ['9:16'], captions: 'lit', stream: true, previews: true }
    expect((await reader.ask('POST', `${path}/prices`, body)).status).toBe(200)
    expect(bridge.asked[0]?.body).toMatchObject({ captions: 'lit', hls: true, previews: true })
  })

  test('waits for an approval where whoever orders may not give it, and spends nothing', async () => {
    bridge.answers['/exports'] = { status: 202, body: told() }
    const prices = { '9:16': '0.080000' }
    const body = { ...order, shapes: ['9:16'], prices }
    expect((await writer.ask('POST', `${path}/order`, body)).status).toBe(204)
    expect(asked()).toEqual(['…'])
    expect(await writer.ask('POST', `${path}/export-1/approve`, {})).toMatchObject({
      status: 403,
      body: { code: 'not_an_approver' },
    })
    expect(asked()).toEqual(['…'])
  })

  test('at a price that has changed is refused with the service’s own reason', async () => {
    bridge.answers['/exports'] = { status: 202, body: told({ toApprove: '0.090000' }) }
    const changed = { code: 'price_changed', title: 'The price has changed.', status: 409 }
    bridge.answers['/approve'] = { status: 409, body: changed }
    const body = { ...order, shapes: ['9:16'], prices: { '9:16': '0.080000' } }
    expect(await cms.ask('POST', `${path}/order`, body)).toMatchObject({
      status: 409,
      body: { code: 'price_changed' },
    })
    expect(asked()).not.toContain('/api/v1/jobs/export-1/render')
  })

  test.for([
    {},
    { ...order, shapes: [] },
    { ...order, shapes: ['4:3'] },
    { ...order, shapes: ['1:1', '1:1'] },
    { ...order, format: 'prores' },
    { ...order, captions: 'neon' },
    { ...order, previews: 'yes' },
    { ...order, stream: 'yes' },
  ])('that is none is refused before the service is asked: %j', async (body) => {
    expect((await cms.ask('POST', `${path}/prices`, body)).status).toBe(400)
    expect((await cms.ask('POST', `${path}/order`, { ...body, prices: {} })).status).toBe(400)
    expect(asked()).toEqual([])
  })

  test('is nothing for one who only reads, or is not of the project', async () => {
    const body = { ...order, prices: {} }
    expect(await reader.ask('POST', `${path}/order`, body)).toMatchObject({
      status: 403,
      body: { code: 'not_a_writer' },
    })
    const foreign = await cms.makeVideo()
    const other = `/reelwright/videos/${String(foreign.id)}/exports`
    expect((await writer.ask('GET', other)).status).toBe(404)
    expect((await cms.ask('GET', path, undefined, { anonymous: true })).status).toBe(403)
    expect(asked()).toEqual([])
  })
})

describe('what was ordered', () => {
  test('is listed with how far it is, and with its film once that is there', async () => {
    const film = { id: 'film-2', width: 1080, height: 1920, duration: 5, bytes: 9 }
    const files = ['hls', 'captions', 'webm', 'gif'].map((kind) => ({ kind }))
    const rendition = { ...film, files }
    bridge.answers['/exports'] = {
      status: 200,
      body: {
        exports: [
          told({ status: 'completed', rendition, toApprove: '0', captions: 'box' }),
          told({ captions: 'none', lostAtMost: '0.500000' }),
          told({ rendition: { ...rendition, files: [], retiredAt: '2026-12-01T04:00:00Z' } }),
          {},
        ],
      },
    }
    const { body } = await reader.ask<Export[]>('GET', path)
    expect(body).toEqual([
      expect.objectContaining({
        captions: 'box',
        lostAtMost: '0',
        film: { ...film, hasPreviews: true, hasStream: true, isKept: true },
      }),
      expect.objectContaining({
        shape: '9:16',
        captions: null,
        film: null,
        lostAtMost: '0.500000',
      }),
      expect.objectContaining({
        film: { ...film, hasPreviews: false, hasStream: false, isKept: false },
      }),
    ])
  })

  test('is approved at the price that was shown, cancelled and begun again', async () => {
    bridge.answers['/approve'] = { status: 200, body: {} }
    bridge.answers['/render'] = { status: 202, body: {} }
    bridge.answers['/exports/export-1'] = { status: 200, body: told() }
    const approval = { toApprove: '0.080000' }
    expect((await cms.ask('POST', `${path}/export-1/approve`, approval)).status).toBe(204)
    expect(bridge.asked[0]?.body).toMatchObject({ estimatedCost: '0.080000' })
    for (const act of ['cancel', 'retry']) {
      expect((await writer.ask('POST', `${path}/export-1/${act}`, {})).status).toBe(204)
      expect(asked().at(-1)).toBe(`…/export-1/${act}`)
    }
    expect((await cms.ask('POST', `${path}/export-1/delete`, {})).status).toBe(404)
  })
})

describe('what a project has spent', () => {
  const amounts = { spent: '1.20', cap: '5.00', monthSpent: '40.00', monthCap: '100.00' }
  const spending = { ...amounts, lostAtMost: '0' }
  const ask = (who: Cms) => who.ask('GET', `/reelwright/projects/${String(video.project)}/spending`)

  test('is told, and of the whole month to those who see every project', async () => {
    bridge.answers['/spending'] = { status: 200, body: { ...amounts, capPerVideo: '2.00' } }
    expect((await cms.ask('GET', `/reelwright/projects/1/spending`)).body).toEqual(spending)
    expect((await ask(writer)).body).toEqual({ ...spending, monthSpent: null, monthCap: null })
  })

  test('comes with what lost calls may cost, where the project lets them count as paid', async () => {
    const lost = async (lostCall: string): Promise<unknown> => {
      const body = { ...amounts, lostCall, lostVideo: '0.500000' }
      bridge.answers['/spending'] = { status: 200, body }
      return (await ask(cms)).body.lostAtMost
    }
    expect(await lost('0.050000')).toBe('0.500000')
    expect(await lost('0.000000')).toBe('0')
  })

  test('is nothing before the service knows of it, and an error where it is away', async () => {
    bridge.answers['/spending'] = { status: 404, body: { code: 'project_not_found' } }
    expect((await ask(cms)).body).toMatchObject({ spent: '0', cap: null })
    bridge.answers['/spending'] = { status: 500 }
    expect((await ask(cms)).status).toBe(502)
    const foreign = '/reelwright/projects/2/spending'
    expect((await writer.ask('GET', foreign)).status).toBe(404)
  })
})

describe('a place in line', () => {
  const ask = (who: Cms, id = String(video.id)) => who.ask('GET', `/reelwright/videos/${id}/line`)

  test('is what the service says of the job, to whoever may read the video', async () => {
    const line = { lane: 'drafts', place: 3, startsAt: '2026-11-29T10:04:00Z' }
    bridge.answers['/tasks/'] = { status: 200, body: { status: 'pending', line } }
    const { body, headers, status } = await ask(cms)
    expect(status).toBe(200)
    expect(body).toEqual({ place: 3, startsAt: line.startsAt })
    expect(headers.get('cache-control')).toBe('private, no-store')
    expect((await ask(reader)).body).toEqual(body)
    expect((await ask(cms, '404')).status).toBe(404)
  })

  test('is none where it does not wait, or the service is away or says nothing of it', async () => {
    const none = { place: null, startsAt: null }
    for (const answer of [
      { status: 200, body: { status: 'generating', line: null } },
      { status: 200, body: {} },
      { status: 500 },
    ]) {
      bridge.answers['/tasks/'] = answer
      expect((await ask(cms)).body).toEqual(none)
    }
  })
})
