/** Progress as it happens: from the service's stream through the plugin's endpoint to a browser. */
import type { ProjectScope } from 'payload-plugin-reelwright'
import { Agent, EventSource as NodeEventSource } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import { hear, type Live, silent } from '../../src/admin/shared/live.ts'
import { ProgressStream } from '../../src/admin/shared/progressStream.ts'
import { userName } from '../../src/user.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { plugin } from '../support/constants.ts'
import { FollowedJob, progressOf } from '../support/progress.ts'
import { renditionWrite } from '../support/samples.ts'

const bridge = new Bridge()
const projectsOf = new Map<string, ProjectScope>()
let cms: Cms
let outsider: Cms
let project: Doc
let job: FollowedJob
let video: Doc
let path: string

const rules = {
  projects: ({ req }: { req: { user?: unknown } }) =>
    projectsOf.get(userName(req.user as Parameters<typeof userName>[0])) ?? 'all',
}

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({
    bridgeUrl: bridge.url,
    plugin: { access: rules, progress: { streamMs: 60_000 } },
  })
  project = await cms.make('projects', { name: 'Harbour tours' })
  const other = await cms.make('projects', { name: 'City walks' })
  projectsOf.set('outsider@example.org', [other.id])
  outsider = await cms.signedInAs('outsider@example.org')
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(async () => {
  video = await makeVideo(cms, project)
  path = `/reelwright/videos/${String(video.id)}/progress`
  job = new FollowedJob()
  bridge.streams = { [jobOf(video)]: job.answer }
  return () => job.break()
})

const jobOf = ({ id }: Doc): string => `job-${String(id)}`

async function makeVideo(at: Cms, of: Doc, write = {}): Promise<Doc> {
  const made = await at.make('videos', {
    title: 'Opening hours',
    project: of.id,
    script: 'We open at nine.',
    stage: 'submitted',
  })
  await at.putRendition(renditionWrite(made, { status: 'generating', ...write }))
  return made
}

/** Open a stream and return what comes of it, a chunk at a time. */
async function listen(
  who: Cms,
  headers: Record<string, string> = {},
  query = '',
): Promise<{ response: Response; until: (text: string) => Promise<string>; leave: () => void }> {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const response = await who.fetch(path + query, { headers, signal: abort.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let heard = ''
  const until = async (text: string): Promise<string> => {
    while (!heard.includes(text)) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: '' }
      if (done) throw new Error(`It ended with: ${heard}`)
      heard += value
    }
    return heard
  }
  return { response, until, leave: () => abort.abort() }
}

describe('the endpoint', () => {
  test('hands on each event as it happens, and what keeps it from being gathered up', async () => {
    job.happen(progressOf(jobOf(video), 1))
    const { response, until } = await listen(cms)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    await until('"sequence":1')
    job.happen(progressOf(jobOf(video), 2))
    expect(await until('"sequence":2')).toContain('id: 2\n')
    job.beat()
    await until('\n\n:\n\n')
  })

  test('asks with the service’s key, and tells it to nobody', async () => {
    job.happen(progressOf(jobOf(video), 1))
    const { response, until } = await listen(cms)
    const text = await until('"sequence":1')
    expect(job.asked[0]?.authorization).toBe(`Bearer ${plugin.apiKey}`)
    expect(job.asked[0]?.cookie).toBeUndefined()
    expect(text + JSON.stringify(Object.fromEntries(response.headers))).not.toContain(plugin.apiKey)
  })

  test.for([
    ['a header', { 'last-event-id': '2' }, ''],
    ['a query, as a new stream says it', {}, '?after=2'],
    [
      'a header before a query, as a stream that broke says both',
      { 'last-event-id': '2' },
      '?after=0',
    ],
  ] as const)('goes on after the event that is named by %s', async ([, headers, query]) => {
    for (const sequence of [1, 2, 3]) job.happen(progressOf(jobOf(video), sequence))
    const { until } = await listen(cms, headers, query)
    expect(await until('"sequence":3')).not.toContain('"sequence":2')
    expect(job.asked[0]?.['last-event-id']).toBe('2')
  })

  test('what is no number goes no further', async () => {
    job.happen(progressOf(jobOf(video), 1))
    const { until } = await listen(cms, {}, '?after=1%0d%0ax-evil:1')
    await until('"sequence":1')
    expect(job.asked[0]).not.toHaveProperty('last-event-id')
  })

  test('is as closed to strangers as the status', async () => {
    for (const [who, anonymous] of [
      [outsider, false],
      [cms, true],
    ] as const) {
      const status = await who.fetch(path.replace('/progress', '/status'), { anonymous })
      const progress = await who.fetch(path, { anonymous })
      expect(progress.status).toBe(status.status)
      expect([403, 404]).toContain(progress.status)
      await progress.body?.cancel()
    }
    expect(job.asked).toEqual([])
  })

  test('tells nothing of another job than the one that was asked for, or where there is none', async () => {
    expect((await cms.fetch(`${path}?job=another`)).status).toBe(204)
    const { id } = await cms.makeVideo()
    expect((await cms.fetch(`/reelwright/videos/${String(id)}/progress`)).status).toBe(204)
    expect(job.asked).toEqual([])
  })

  test('ends when the service ends it', async () => {
    job.happen(progressOf(jobOf(video), 1))
    const { until } = await listen(cms)
    await until('"sequence":1')
    job.end()
    await expect(until('never')).rejects.toThrow('It ended')
  })

  test('leaves the service when its reader leaves', async () => {
    job.happen(progressOf(jobOf(video), 1))
    const { leave, until } = await listen(cms)
    await until('"sequence":1')
    expect(job.listeners).toBe(1)
    leave()
    await vi.waitFor(() => expect(job.listeners).toBe(0), { timeout: 5_000 })
  })

  test('says that the service is away, refuses, or answers with something else', async () => {
    const answered = async (status: number, body: string, type: string): Promise<number> => {
      bridge.streams = {
        [jobOf(video)]: (_, outgoing) =>
          outgoing.writeHead(status, { 'content-type': type }).end(body),
      }
      const response = await cms.fetch(path)
      await response.body?.cancel()
      return response.status
    }
    const refusal =
      '{"type":"about:blank","title":"Full","status":429,"detail":"Full.","code":"too_many_listeners"}'
    expect(await answered(204, '', 'text/event-stream')).toBe(204)
    expect(await answered(429, refusal, 'application/problem+json')).toBe(429)
    expect(await answered(500, 'no', 'text/plain')).toBe(502)
    expect(await answered(200, '<html>', 'text/html')).toBe(502)
    bridge.streams = { [jobOf(video)]: (_, outgoing) => outgoing.destroy() }
    expect((await cms.fetch(path)).status).toBe(503)
  })
})

describe('where places are few', () => {
  let small: Cms

  beforeAll(async () => {
    small = await startCms({
      bridgeUrl: bridge.url,
      plugin: { progress: { streams: 1, streamMs: 400 } },
    })
  })
  afterAll(() => small.close())

  test('one more is refused until one has left, and each lasts its time', async () => {
    video = await makeVideo(small, await small.make('projects', { name: 'Few' }))
    path = `/reelwright/videos/${String(video.id)}/progress`
    job = new FollowedJob()
    bridge.streams = { [jobOf(video)]: job.answer }
    job.happen(progressOf(jobOf(video), 1))

    const first = await listen(small)
    await first.until('"sequence":1')
    expect((await small.fetch(path)).status).toBe(429)
    await expect(first.until('never')).rejects.toThrow('It ended')
    await vi.waitFor(() => expect(job.listeners).toBe(0), { timeout: 5_000 })

    const second = await listen(small)
    expect(second.response.status).toBe(200)
    second.leave()
    await vi.waitFor(() => expect(job.listeners).toBe(0), { timeout: 5_000 })
  })
})

describe('a browser', () => {
  /** Follow the job as the admin does, and return what it knows at each moment. */
  function follow(known = 1): { now: () => Live; stream: ProgressStream } {
    let live = silent
    const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
      const headers = { ...(options.headers as Record<string, string>) }
      return dispatch(
        { ...options, headers: { ...headers, authorization: `JWT ${cms.token}` } },
        handler,
      )
    })
    const stream = new ProgressStream({
      job: jobOf(video),
      known,
      firstRetryMs: 50,
      lastRetryMs: 200,
      open: (after) => {
        const address = `${cms.url}/api${path}?job=${jobOf(video)}&after=${String(after)}`
        return new NodeEventSource(address, { dispatcher }) as unknown as EventSource
      },
      tell: (happening) => (live = hear(live, happening)),
    })
    stream.open()
    onTestFinished(() => stream.close())
    return { now: () => live, stream }
  }

  const soon = { timeout: 10_000 }

  test('hears how the job stands, what led to it, and what happens', async () => {
    job.happen(...[1, 2, 3].map((sequence) => progressOf(jobOf(video), sequence)))
    const { now } = follow()
    await vi.waitFor(() => expect(now().newest?.sequence).toBe(3), soon)
    expect(now()).toMatchObject({ isLive: true, samples: { length: 3 } })
    job.happen(progressOf(jobOf(video), 4))
    await vi.waitFor(() => expect(now().newest?.sequence).toBe(4), soon)
  })

  test('goes on after the last event where its stream breaks, and hears none twice', async () => {
    job.happen(...[1, 2].map((sequence) => progressOf(jobOf(video), sequence)))
    const { now } = follow()
    await vi.waitFor(() => expect(now().newest?.sequence).toBe(2), soon)
    job.break()
    job.happen(progressOf(jobOf(video), 3))
    await vi.waitFor(() => expect(now().newest?.sequence).toBe(3), soon)
    expect(job.asked.map((headers) => headers['last-event-id'])).toEqual(['0', '2'])
    expect(now()).toMatchObject({ isLive: true, samples: { length: 3 } })
  })

  test('knows that nothing is streamed where it is refused, and tries again', async () => {
    bridge.streams = { [jobOf(video)]: (_, outgoing) => outgoing.destroy() }
    job.happen(progressOf(jobOf(video), 1))
    const { now, stream } = follow()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(now()).toMatchObject({ isLive: false, newest: null })
    expect(stream.isOpen).toBe(true)
    bridge.streams = { [jobOf(video)]: job.answer }
    await vi.waitFor(
      () => expect(now()).toMatchObject({ isLive: true, newest: { sequence: 1 } }),
      soon,
    )
  })

  test('leaves when it is closed, and comes back to what it knew', async () => {
    job.happen(...[1, 2].map((sequence) => progressOf(jobOf(video), sequence)))
    const { now, stream } = follow()
    await vi.waitFor(() => expect(now().newest?.sequence).toBe(2), soon)
    stream.close()
    expect(now().isLive).toBe(false)
    await vi.waitFor(() => expect(job.listeners).toBe(0), soon)
    job.happen(progressOf(jobOf(video), 3))
    stream.open()
    await vi.waitFor(
      () => expect(now()).toMatchObject({ isLive: true, newest: { sequence: 3 } }),
      soon,
    )
    expect(job.asked.map((headers) => headers['last-event-id'])).toEqual(['0', '2'])
  })
})

describe('a list', () => {
  const standings = (who: Cms, ids: unknown[], query = ''): Promise<Response> =>
    who.fetch(`/reelwright/standings?ids=${ids.join(',')}${query}`)

  test('learns how its videos stand by one question, in its reader’s language', async () => {
    await cms.putRendition(
      renditionWrite(video, { sequence: 2, status: 'generating', progress: 17 }),
    )
    const draft = await cms.makeVideo()
    const response = await standings(cms, [video.id, draft.id])
    expect(await response.json()).toEqual({
      [String(video.id)]: {
        words: 'Making pictures and voice · 17 %',
        title: '',
        style: 'light',
        isMoving: true,
      },
      [String(draft.id)]: { words: 'Draft', title: '', style: 'light-gray', isMoving: false },
    })
    await cms.putRendition(
      renditionWrite(video, { sequence: 3, status: 'completed', progress: 100 }),
    )
    const later = await cms.fetch(`/reelwright/standings?ids=${String(video.id)}`, {
      headers: { 'accept-language': 'de' },
    })
    expect(await later.json()).toMatchObject({
      [String(video.id)]: { words: 'Fertig', style: 'success', isMoving: false },
    })
  })

  test('learns that a submission was refused, and that it moves no more', async () => {
    bridge.answer = () => ({ status: 422, body: { code: 'empty_script', detail: 'No.' } })
    onTestFinished(() => void (bridge.answer = () => ({ status: 202 })))
    const refused = await cms.makeVideo({ stage: 'submitted' })
    await vi.waitFor(async () => {
      const response = await standings(cms, [refused.id, video.id])
      expect(await response.json()).toMatchObject({
        [String(refused.id)]: { words: 'Refused', style: 'error', isMoving: false },
        [String(video.id)]: { style: 'light', isMoving: true },
      })
    }, 5_000)
  })

  test('learns nothing of what its reader may not see, and asks for so many at most', async () => {
    expect(await (await standings(outsider, [video.id])).json()).toEqual({})
    const nobody = await cms.fetch(`/reelwright/standings?ids=${String(video.id)}`, {
      anonymous: true,
    })
    expect(nobody.status).toBe(403)
    expect((await standings(cms, [])).status).toBe(400)
    expect(
      (
        await standings(
          cms,
          Array.from({ length: 101 }, (_, id) => id + 1),
        )
      ).status,
    ).toBe(400)
  })
})
