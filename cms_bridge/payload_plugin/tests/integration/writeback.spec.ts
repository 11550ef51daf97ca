/** Write-back: only what the service signed, only forwards, and never past the video's life. */
import type { VideoStatus } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const bridge = new Bridge()
let cms: Cms
let video: Doc

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({ bridgeUrl: bridge.url })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})

async function fresh(): Promise<void> {
  video = await cms.makeVideo({ stage: 'submitted' })
}

async function stored(collection: string): Promise<Doc[]> {
  const where = `?depth=0&where[jobId][equals]=job-${String(video.id)}`
  return (await cms.ask<{ docs: Doc[] }>('GET', `/${collection}${where}`)).body.docs
}

describe('a write', () => {
  test.for([
    ['without a signature', { headers: { 'webhook-signature': '' } }],
    ['with another signature', { headers: { 'webhook-signature': 'v1,AAAA' } }],
    ['with garbage for a time', { headers: { 'webhook-timestamp': 'yesterday' } }],
    ['of six minutes ago', { at: new Date(Date.now() - 6 * 60_000) }],
    ['of six minutes ahead', { at: new Date(Date.now() + 6 * 60_000) }],
    [
      'changed after signing',
      { tamper: (body: string) => body.replace('"progress":5', '"progress":9') },
    ],
    ['with its bytes laid out anew', { tamper: (body: string) => body.replace(':', ': ') }],
  ] as const)('%s is turned away and changes nothing', async ([, options]) => {
    await fresh()
    const { body, headers, status } = await cms.putRendition(renditionWrite(video), options)
    expect(status).toBe(401)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(body.detail).toMatch(/signature/i)
    expect(await stored('renditions')).toEqual([])
  })

  test('past 2 MiB is not read to its end', async () => {
    await fresh()
    const large = JSON.stringify({ ...renditionWrite(video), padding: 'x'.repeat(2 * 1024 * 1024) })
    const { status } = await cms.put(`/jobs/job-${String(video.id)}/rendition`, large)
    expect(status).toBe(413)
  })

  test.for([
    ['no JSON', '{"jobId":', 400],
    ['no object', '[]', 422],
    ['nothing of what belongs in it', '{}', 422],
  ] as const)('that is signed but %s is refused', async ([, text, expected]) => {
    await fresh()
    const { status } = await cms.put(`/jobs/job-${String(video.id)}/rendition`, text)
    expect(status).toBe(expected)
  })

  test('to another job than it names is refused', async () => {
    await fresh()
    expect((await cms.put('/jobs/other/rendition', renditionWrite(video))).status).toBe(422)
  })

  test('with a status that nobody knows is refused with the reason', async () => {
    await fresh()
    const sleeping = { ...renditionWrite(video), sequence: 2, status: 'sleeping' }
    const path = `/jobs/${sleeping.jobId}/rendition`
    expect(await cms.put(path, sleeping)).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('status') as unknown },
    })
    // Nor does it take the place of what is there.
    await cms.putRendition(renditionWrite(video))
    expect((await cms.put(path, sleeping)).status).toBe(422)
    expect(await stored('renditions')).toMatchObject([{ status: 'storyboarding', sequence: 1 }])
  })

  test.for(['999999', 'not-an-id'])(
    'for the video %s, which is gone, is answered 410',
    async (id) => {
      await fresh()
      const lost = { videoId: id }
      expect((await cms.putRendition(renditionWrite(video, lost))).status).toBe(410)
      expect((await cms.putStoryboard(storyboardWrite(video, lost))).status).toBe(410)
      expect(await stored('renditions')).toEqual([])
    },
  )
})

describe('a storyboard', () => {
  test('is stored once, scene by scene; people’s edits outlive a repetition', async () => {
    await fresh()
    const write = storyboardWrite(video, { estimatedCost: '0.1250' })
    const first = await cms.putStoryboard(write)
    expect(first).toMatchObject({ status: 200, body: { stored: true } })
    await cms.change('storyboards', first.body.id, { title: 'Mine' })

    const again = await cms.putStoryboard(write)

    expect(again).toMatchObject({ status: 200, body: { id: first.body.id, stored: false } })
    const [document, ...others] = await stored('storyboards')
    expect(others).toEqual([])
    expect(document).toMatchObject({
      title: 'Mine',
      video: video.id,
      project: video.project,
      estimatedCost: '0.1250',
      scenes: [
        { sceneId: 's1', narration: 'We open at nine.', motion: 'zoom_in' },
        { sceneId: 's2', duration: 4.5, motion: 'pan_left' },
      ],
    })
  })

  test('written ten times at once is one document', async () => {
    await fresh()
    const write = storyboardWrite(video)
    const answers = await Promise.all(Array.from({ length: 10 }, () => cms.putStoryboard(write)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(answers.filter(({ body }) => body.stored)).toHaveLength(1)
    expect(await stored('storyboards')).toHaveLength(1)
  })
})

describe('a rendition', () => {
  test('moves forwards only', async () => {
    await fresh()
    const at = (sequence: number, progress: number) =>
      cms.putRendition(renditionWrite(video, { sequence, progress, status: 'generating' }))
    expect((await at(2, 40)).body.stored).toBe(true)
    expect((await at(1, 10)).body.stored).toBe(false)
    expect((await at(2, 99)).body.stored).toBe(false)
    expect((await at(5, 70)).body.stored).toBe(true)
    expect(await stored('renditions')).toMatchObject([{ sequence: 5, progress: 70 }])
  })

  test('ends in its last state, in whatever order twenty writes arrive', async () => {
    await fresh()
    const sequences = [7, 3, 20, 1, 12, 5, 18, 2, 9, 15, 4, 19, 6, 11, 8, 17, 10, 14, 13, 16]
    const answers = await Promise.all(
      sequences.map((sequence) =>
        cms.putRendition(renditionWrite(video, { sequence, progress: sequence })),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await stored('renditions')).toMatchObject([{ sequence: 20, progress: 20 }])
  })

  test('carries what went wrong and what to note', async () => {
    await fresh()
    const error = { code: 'storage_full', message: 'The disk is full.', params: { free: 0 } }
    const warnings = [{ code: 'placeholder_used', message: 'Cards.', params: {} }]
    await cms.putRendition(renditionWrite(video, { status: 'failed', error, warnings }))
    expect(await stored('renditions')).toMatchObject([{ status: 'failed', error, warnings }])
    await cms.putRendition(renditionWrite(video, { sequence: 2, status: 'generating' }))
    expect(await stored('renditions')).toMatchObject([{ error: null, warnings: [] }])
  })

  test('is written while an editor has the storyboard and the video open', async () => {
    await fresh()
    const { body } = await cms.putStoryboard(storyboardWrite(video))
    await cms.ask('POST', '/payload-locked-documents', {
      document: { relationTo: 'videos', value: video.id },
      user: { relationTo: 'users', value: 1 },
    })
    expect((await cms.putRendition(renditionWrite(video))).status).toBe(200)
    await cms.change('storyboards', body.id, { decision: 'approved' })
  })

  test('shows on the video document together with the storyboard and the decision', async () => {
    await fresh()
    await cms.putStoryboard(storyboardWrite(video))
    await cms.putRendition(renditionWrite(video, { status: 'storyboard_complete', scenesTotal: 2 }))
    const path = `/reelwright/videos/${String(video.id)}/status`
    const { body } = await cms.ask<VideoStatus>('GET', path)
    expect(body).toMatchObject({
      stage: 'submitted',
      submission: 1,
      rendition: { status: 'storyboard_complete', scenesTotal: 2 },
      storyboard: { decision: 'pending', scenes: 2, estimatedCost: '0.00' },
      mayApprove: true,
    })
    const whole = await cms.read('videos', video.id)
    expect(whole).toMatchObject({
      storyboards: { docs: [expect.anything()] },
      renditions: { docs: [expect.anything()] },
    })
  })
})
