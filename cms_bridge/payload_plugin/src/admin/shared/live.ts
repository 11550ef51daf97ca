/** What a stream of progress makes of a video's status: pure, so that every case can be read off a table. */
import type { JobProgress, VideoStatus } from '../../endpoints/contract.ts'
import type { RenditionDoc } from '../../documents.ts'
import type { Status } from '../../generated/events.ts'
import { isRecord, parseJson } from '../../json.ts'
import { viewOf } from './submission.ts'
import type { Sample } from './timeLeft.ts'

/** How often the status is asked for. */
export interface Pace {
  /** Whether a stream tells of progress meanwhile. */
  isLive: boolean
  /** The number of the newest change of which the status knows more than the stream tells. */
  news: number
}

/** What was heard of a job. */
export interface Live extends Pace {
  job: null | string
  newest: JobProgress | null
  /** What its progress was, the oldest first. */
  samples: readonly Sample[]
  /** When the newest was heard, by this browser's clock. */
  heardAt: number
}

export const silent: Live = {
  isLive: false,
  news: 0,
  job: null,
  newest: null,
  samples: [],
  heardAt: 0,
}

/**
 * What happens to a stream:
 *
 *   opened   the server listens for us to a job, of which a change was known before
 *   heard    it told an event
 *   lost     it ended, or was never there; what was heard stands
 */
export type Happening =
  | { type: 'heard'; event: JobProgress; at: number }
  | { type: 'lost' }
  | { type: 'opened'; job: string; known: number }

/** Nothing is told of what is done beyond an hour at an event a second. */
const mostSamples = 3_600
/** Between two looks for what no stream tells: an edit by somebody else, a stream that is dead. */
const relaxedMs = 15_000

/** What is being worked on, in the order of the work: within it nothing goes backwards. */
const underWay: readonly Status[] = [
  'pending',
  'storyboarding',
  'approved',
  'generating',
  'composing',
  'uploading',
]

export const isUnderWay = (status: Status): boolean => underWay.includes(status)

/** Return what is known after something has happened. */
export function hear(live: Live, happening: Happening): Live {
  switch (happening.type) {
    case 'opened': {
      const { job, known } = happening
      const before = live.job === job ? live : { ...silent, job, news: known }
      return { ...before, isLive: true }
    }
    case 'lost':
      return live.isLive ? { ...live, isLive: false } : live
    case 'heard': {
      const { at, event } = happening
      const { newest } = live
      // An event that was told before, or late: what is known already is newer.
      if (event.jobId !== live.job || event.sequence <= (newest?.sequence ?? 0)) return live
      const { progress, sequence, status } = event
      const samples = [...live.samples, { at: Date.parse(event.at), progress, status }]
      const isNews = sequence > live.news && (newest === null || differs(newest, event))
      return {
        ...live,
        newest: event,
        samples: samples.slice(-mostSamples),
        news: isNews ? sequence : live.news,
        heardAt: at,
      }
    }
  }
}

/** Tell whether anything has changed that the status tells more of. */
function differs(one: JobProgress, other: JobProgress): boolean {
  return one.status !== other.status || codesOf(one) !== codesOf(other)
}

const codesOf = ({ warnings }: JobProgress): string =>
  warnings.map(({ code, message }) => `${code} ${message}`).join('\n')

/** Tell whether a status is of work whose progress can be followed; of which job. */
export function jobToFollow(status: null | VideoStatus): null | string {
  const rendition = status?.rendition
  return rendition && isUnderWay(rendition.status) ? rendition.jobId : null
}

/** Return a status with what was heard since it was asked for. */
export function withLive(status: VideoStatus, { newest }: Live): VideoStatus {
  const { rendition } = status
  if (
    !rendition ||
    newest?.jobId !== rendition.jobId ||
    newest.sequence <= rendition.sequence ||
    !isUnderWay(rendition.status) ||
    // What has ended, or waits for somebody, is told with all that belongs to it.
    !isUnderWay(newest.status)
  ) {
    return status
  }
  const { progress, scenesDone, scenesTotal, status: reached } = newest
  return {
    ...status,
    rendition: { ...rendition, progress, scenesDone, scenesTotal, status: reached },
  }
}

/** The furthest that a piece of work was seen to be. */
export interface Reached {
  job: null | string
  progress: number
  scenesDone: number
}

export const nothingReached: Reached = { job: null, progress: 0, scenesDone: 0 }

/** Return how far work has come, as was seen before or as it is now; the same where nothing is new. */
export function reach(before: Reached, rendition: null | RenditionDoc | undefined): Reached {
  if (!rendition || !isUnderWay(rendition.status)) return nothingReached
  const { jobId: job, progress, scenesDone } = rendition
  const from = before.job === job ? before : nothingReached
  const reached = {
    job,
    progress: Math.max(from.progress, progress),
    scenesDone: Math.max(from.scenesDone, scenesDone ?? 0),
  }
  const isSame =
    before.job === job &&
    before.progress === reached.progress &&
    before.scenesDone === reached.scenesDone
  return isSame ? before : reached
}

/**
 * Return a status that is nowhere behind what was reached.
 *
 * A worker that takes over from one that died counts from the beginning, though what was made is
 * kept: for an editor the work stands still until then.
 */
export function notBehind(status: VideoStatus, reached: Reached): VideoStatus {
  const { rendition } = status
  if (rendition?.jobId !== reached.job || !isUnderWay(rendition.status)) return status
  const { progress, scenesDone } = reached
  if (rendition.progress >= progress && (rendition.scenesDone ?? 0) >= scenesDone) return status
  return { ...status, rendition: { ...rendition, progress, scenesDone } }
}

/** Return the milliseconds until it is worth asking again; 0 when only the editor can change anything. */
export function pollAfterMs(status: VideoStatus, { isLive, news }: Pace): number {
  const asked = viewOf(status).pollAfterMs
  const { delivery, rendition, retrying, stage, storyboard } = status
  // What the stream tells nothing of: what goes to the service, and what it writes back.
  const isTelling = Boolean(delivery) || retrying || storyboard?.known === 'soon'
  if (!isLive || !rendition || isTelling || stage !== 'submitted') return asked
  if (!isUnderWay(rendition.status) || rendition.sequence < news) return asked
  return Math.max(asked, relaxedMs)
}

/** Return the event that a message of the stream holds; null where it holds none. */
export function toProgress(text: string): JobProgress | null {
  const told = parseJson(text)
  if (!isRecord(told)) return null
  const { at, jobId, progress, scenesDone, scenesTotal, sequence, status } = told
  const numbers = [progress, scenesDone, scenesTotal, sequence]
  if (!numbers.every((value) => typeof value === 'number')) return null
  if (![at, jobId, status].every((value) => typeof value === 'string')) return null
  // The service is held to the rest by its own specification.
  return { stage: null, model: null, warnings: [], ...told } as unknown as JobProgress
}
