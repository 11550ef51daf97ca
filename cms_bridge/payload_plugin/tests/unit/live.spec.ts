import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'

import {
  type Happening,
  hear,
  jobToFollow,
  type Live,
  notBehind,
  nothingReached,
  pollAfterMs,
  reach,
  silent,
  toProgress,
  withLive,
} from '../../src/admin/shared/live.ts'
import { ends, type Sample, secondsLeft } from '../../src/admin/shared/timeLeft.ts'
import { formatEstimate, modelName, tellWork } from '../../src/admin/shared/work.ts'
import type { RenditionDoc } from '../../src/documents.ts'
import type { JobProgress, VideoStatus } from '../../src/endpoints/contract.ts'
import type { Status } from '../../src/generated/events.ts'
import { progressOf } from '../support/progress.ts'

const event = (sequence: number, changes: Partial<JobProgress> = {}): JobProgress =>
  progressOf('job', sequence, changes)

function statusOf(
  changes: Partial<RenditionDoc> = {},
  more: Partial<VideoStatus> = {},
): VideoStatus {
  return {
    stage: 'submitted',
    submission: 1,
    isStale: false,
    rendition: {
      id: 1,
      jobId: 'job',
      video: 1,
      submission: 1,
      sequence: 5,
      status: 'generating',
      progress: 20,
      scenesDone: 1,
      scenesTotal: 4,
      updatedAt: '',
      ...changes,
    },
    storyboard: null,
    before: null,
    delivery: null,
    retrying: false,
    hold: null,
    mayApprove: true,
    mayResolve: true,
    approvers: [],
    ...more,
  }
}

const opened: Happening = { type: 'opened', job: 'job', known: 5 }
const heard = (...events: JobProgress[]): Live =>
  events.reduce(
    (live, each) => hear(live, { type: 'heard', event: each, at: 0 }),
    hear(silent, opened),
  )

describe('what was heard', () => {
  test('is the newest by its number, whatever comes late, twice or of another job', () => {
    const live = heard(event(6, { progress: 30 }))
    expect(hear(live, { type: 'heard', event: event(5), at: 0 })).toBe(live)
    expect(hear(live, { type: 'heard', event: event(6), at: 0 })).toBe(live)
    expect(hear(live, { type: 'heard', event: progressOf('other', 9), at: 0 })).toBe(live)
  })

  test('stands while a stream is lost, and is gone with its job', () => {
    const lost = hear(heard(event(6)), { type: 'lost' })
    expect(lost).toMatchObject({ isLive: false, newest: { sequence: 6 } })
    expect(hear(lost, opened)).toMatchObject({ isLive: true, newest: { sequence: 6 } })
    const other = hear(lost, { type: 'opened', job: 'other', known: 1 })
    expect(other).toMatchObject({ isLive: true, newest: null, samples: [] })
  })

  test('is news where more has changed than a stage, since what was known', () => {
    expect(heard(event(4), event(5, { status: 'composing' })).news).toBe(5)
    expect(heard(event(5), event(6, { stage: null, progress: 30 })).news).toBe(5)
    expect(heard(event(5), event(6, { status: 'composing' })).news).toBe(6)
    const warnings = [{ code: 'storyboard_offline', message: 'No model.' }]
    expect(heard(event(5), event(6, { warnings })).news).toBe(6)
    // The first that is told may be anything.
    expect(heard(event(7, { status: 'completed' })).news).toBe(7)
  })

  test('is read from a message, or is nothing', () => {
    expect(toProgress(JSON.stringify(event(3)))).toEqual(event(3))
    expect(toProgress('{"sequence":3}')).toBeNull()
    expect(toProgress('[]')).toBeNull()
    expect(toProgress('not JSON')).toBeNull()
  })
})

describe('a status', () => {
  const shown = (rendition: Partial<RenditionDoc>, told: JobProgress): unknown =>
    withLive(statusOf(rendition), heard(told)).rendition

  test('is told as the newer of both says', () => {
    const newer = event(6, { progress: 30, scenesDone: 2, scenesTotal: 4, status: 'composing' })
    expect(shown({}, newer)).toMatchObject({ progress: 30, scenesDone: 2, status: 'composing' })
    expect(shown({ sequence: 6 }, newer)).toMatchObject({ progress: 20, status: 'generating' })
  })

  test.each<[Status, Status]>([
    ['generating', 'completed'],
    ['generating', 'failed'],
    ['storyboarding', 'storyboard_complete'],
    ['failed', 'generating'],
  ])('%s becomes %s with all that belongs to it, and not before', (status, told) => {
    expect(shown({ status }, event(6, { status: told }))).toMatchObject({ status, progress: 20 })
  })

  test('is that of its own job', () => {
    expect(shown({ jobId: 'other' }, event(6, { progress: 30 }))).toMatchObject({ progress: 20 })
  })

  test('is nowhere behind what was reached, until the work is over', () => {
    const before = reach(nothingReached, statusOf({ progress: 60, scenesDone: 3 }).rendition)
    const again = statusOf({ sequence: 9, progress: 5, scenesDone: 0 })
    const reached = reach(before, again.rendition)
    expect(reached).toBe(before)
    expect(notBehind(again, reached).rendition).toMatchObject({ progress: 60, scenesDone: 3 })
    const further = statusOf({ progress: 61, scenesDone: 3 })
    expect(notBehind(further, reach(before, further.rendition))).toBe(further)
    // A retry, or a change of the film, is work of its own.
    expect(reach(before, statusOf({ status: 'failed' }).rendition)).toEqual(nothingReached)
    expect(reach(before, statusOf({ jobId: 'other', progress: 5 }).rendition).progress).toBe(5)
  })

  test('is followed while it is under way', () => {
    expect(jobToFollow(statusOf())).toBe('job')
    expect(jobToFollow(statusOf({ status: 'storyboard_complete' }))).toBeNull()
    expect(jobToFollow(statusOf({ status: 'completed' }))).toBeNull()
    expect(jobToFollow(statusOf({}, { rendition: null }))).toBeNull()
    expect(jobToFollow(null)).toBeNull()
  })
})

describe('the status is asked for', () => {
  const live = { isLive: true, news: 5 }

  test('rarely while a stream tells, and often where there is none', () => {
    expect(pollAfterMs(statusOf(), live)).toBe(15_000)
    expect(pollAfterMs(statusOf(), { ...live, isLive: false })).toBe(1_000)
  })

  test('often until news have been written', () => {
    expect(pollAfterMs(statusOf(), { ...live, news: 6 })).toBe(1_000)
    expect(pollAfterMs(statusOf({ sequence: 6 }), { ...live, news: 6 })).toBe(15_000)
  })

  test('often where something is told to the service, of which no stream tells', () => {
    const delivery: VideoStatus['delivery'] = {
      type: 'video.cancelled',
      state: 'queued',
      attempts: 0,
      problem: { code: '', message: '' },
    }
    expect(pollAfterMs(statusOf({}, { delivery }), live)).toBe(1_000)
    expect(pollAfterMs(statusOf({}, { retrying: true }), live)).toBe(1_000)
    expect(pollAfterMs(statusOf({}, { stage: 'cancelled' }), live)).toBe(1_000)
    expect(pollAfterMs(statusOf({ status: 'storyboard_complete' }), live)).toBe(4_000)
  })
})

describe('the time left', () => {
  const second = 1_000
  /** A point of progress every so many seconds. */
  const steady = (
    steps: number,
    seconds: number,
    from = 40,
    status: Status = 'composing',
  ): Sample[] =>
    Array.from({ length: steps }, (_, step) => ({
      at: step * seconds * second,
      progress: from + step,
      status,
    }))

  test('is by how fast it went, until the present status ends', () => {
    expect(secondsLeft(steady(13, 2), 0)).toBe(80)
    expect(secondsLeft(steady(13, 2), 2 * second)).toBe(78)
    expect(secondsLeft(steady(8, 10, 5, 'generating'), 0)).toBe(280)
  })

  test.each<[string, Sample[], number]>([
    ['nothing was heard', [], 0],
    ['it has hardly begun', steady(3, 10), 0],
    ['it was followed for a moment alone', steady(10, 1), 0],
    ['nothing moves any more', steady(13, 2), 60 * second],
    ['nobody counts how far it is', steady(13, 2, 40, 'storyboarding'), 0],
    ['a step takes minutes', steady(5, 300), 0],
    [
      'one half went far faster than the other',
      [
        ...steady(10, 1),
        { at: 60 * second, progress: 50, status: 'composing' },
        { at: 120 * second, progress: 51, status: 'composing' },
        { at: 180 * second, progress: 52, status: 'composing' },
      ],
      0,
    ],
  ])('is not told where %s', (_, samples, quietMs) => {
    expect(secondsLeft(samples, quietMs)).toBeNull()
  })

  test('is not by what went before a status, or before another worker began anew', () => {
    const before = steady(30, 2, 10, 'generating')
    const moved = steady(2, 2).map((each) => ({ ...each, at: each.at + 60 * second }))
    expect(secondsLeft([...before, ...moved], 0)).toBeNull()
    const anew = steady(3, 2, 40).map((each) => ({ ...each, at: each.at + 60 * second }))
    expect(secondsLeft([...steady(20, 2, 40), ...anew], 0)).toBeNull()
  })

  test('goes by the percents that the daemon counts', async () => {
    const source = new URL('../../../../daemon/work/progress.py', import.meta.url)
    const daemon = await readFile(source, 'utf8')
    const endOf = (name: string): number =>
      Number(new RegExp(`^${name} = \\(\\d+, (\\d+)\\)$`, 'm').exec(daemon)?.[1])
    expect(ends).toEqual({ generating: endOf('GENERATING'), composing: endOf('COMPOSING') })
  })

  test('is told as roughly as it is known', () => {
    expect([0, 12, 49, 51, 61, 3_000, 7_000].map((left) => formatEstimate(left, 'en'))).toEqual([
      '10 seconds',
      '20 seconds',
      '50 seconds',
      '1 minute',
      '2 minutes',
      '50 minutes',
      '2 hours',
    ])
    expect(formatEstimate(130, 'de')).toBe('3 Minuten')
  })
})

describe('a model', () => {
  test.each([
    ['gemini', 'gemini-2.5-flash-image', 'Gemini 2.5 Flash Image'],
    ['gemini', 'gemini-3.8-flash-lite-tts', 'Gemini 3.8 Flash Lite TTS'],
    ['replicate', 'black-forest-labs/flux-schnell', 'Flux Schnell (black-forest-labs)'],
    ['replicate', 'google/veo-3.1-lite:0a1b2c', 'Veo 3.1 Lite (google)'],
    ['piper', 'en_US-lessac-medium', 'Piper'],
    ['offline', 'card-4', null],
    ['gemini', '', null],
  ])('of %s, %s, is called %s', (provider, name, called) => {
    expect(modelName({ provider, name })).toBe(called)
  })
})

describe('what is done', () => {
  const told = (
    changes: Partial<JobProgress>,
    language = 'en',
    live: Partial<Live> = {},
  ): string[] => {
    const newest = event(9, { scenesTotal: 4, stage: { name: 'picture', scene: 3 }, ...changes })
    const { status } = newest
    return tellWork({ ...heard(newest), ...live }, { jobId: 'job', status }, 0, language)
  }

  test.each([
    ['en', ['Drawing a picture: scene 3 of 4', 'Model: Gemini 2.5 Flash Image']],
    ['de', ['Ein Bild wird gezeichnet: Szene 3 von 4', 'Modell: Gemini 2.5 Flash Image']],
    ['fr', ['Dessin d’une image : scène 3 sur 4', 'Modèle : Gemini 2.5 Flash Image']],
    ['es', ['Se dibuja una imagen: escena 3 de 4', 'Modelo: Gemini 2.5 Flash Image']],
  ])('is told in words, in %s', (language, words) => {
    expect(told({}, language)).toEqual(words)
  })

  test('has names from left to right in Arabic', () => {
    expect(told({}, 'ar').at(-1)).toContain('\u2066Gemini 2.5 Flash Image\u2069')
  })

  test('is told as far as it is known', () => {
    expect(told({ stage: null, model: null })).toEqual([])
    expect(told({ stage: { name: 'music', scene: null }, model: null })).toEqual([
      'Composing music',
    ])
    expect(told({ stage: { name: 'something_new', scene: 1 }, model: null })).toEqual([])
    expect(
      told({ status: 'composing', stage: { name: 'composition', scene: null }, model: null }),
    ).toEqual([])
    expect(told({}, 'en', { isLive: false })).toEqual([])
    const before = heard(event(9))
    expect(tellWork(before, { jobId: 'job', status: 'composing' }, 0, 'en')).toEqual([])
  })

  test('has the time left where that can be told', () => {
    const samples = Array.from({ length: 13 }, (_, step) => ({
      at: step * 2_000,
      progress: 40 + step,
      status: 'composing' as const,
    }))
    const composing = { status: 'composing', stage: null, model: null } as const
    expect(told(composing, 'en', { samples })).toEqual(['about 2 minutes left'])
    expect(told(composing, 'de', { samples })).toEqual(['noch etwa 2 Minuten'])
  })
})
