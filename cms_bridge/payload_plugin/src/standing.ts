/** How videos stand, as the cell of a list tells it: when it is rendered, and whenever it is asked for again. */
import type { BasePayload, Where } from 'payload'

import { tellStatus, tellStatusShort } from './admin/rendition/statusWords.ts'
import { type FilmStanding, foremost, tellEach, tellFilms } from './admin/video/summary.ts'
import { type Id, idOf, isOver, type RenditionDoc, type VideoDoc } from './documents.ts'
import type { PillStyle, Standing } from './endpoints/contract.ts'
import { filmOf, filmsOf } from './films.ts'
import type { Status } from './generated/events.ts'
import { isOf, type ToldEvent } from './outbox/told.ts'
import { videoStream } from './outbox/write.ts'
import { translate } from './translations/index.ts'

export const styles: Partial<Record<Status, PillStyle>> = {
  completed: 'success',
  failed: 'error',
  storyboard_complete: 'warning',
}

/** Return how each of these videos stands, whose reader may see them, by their ids. */
export async function findStandings(
  payload: BasePayload,
  slugs: Slugs,
  videos: readonly VideoDoc[],
  language: string,
): Promise<Map<string, Standing>> {
  const renditions = await newestRenditions(payload, slugs, videos)
  const events = await eventsOfUntaken(payload, slugs, videos, renditions)
  const { localization } = payload.config
  const ownLocale = localization ? localization.defaultLocale : ''
  return new Map(
    videos.map((video) => {
      const own = renditions.filter((rendition) => isSame(idOf(rendition.video), video.id))
      return [String(video.id), standingOf(video, own, events, { language, ownLocale })]
    }),
  )
}

/** Return the events, without their texts, of all films that the service has written nothing of. */
async function eventsOfUntaken(
  payload: BasePayload,
  { outbox }: Slugs,
  videos: readonly VideoDoc[],
  renditions: readonly RenditionDoc[],
): Promise<ToldEvent[]> {
  const streams = videos.flatMap((video) =>
    submittedOf(video)
      .map((film) => filmOf(video, film))
      .filter(({ submission }) => !renditions.some((one) => isOfSubmission(one, video, submission)))
      .map(videoStream),
  )
  if (streams.length === 0) return []
  const { docs } = await payload.find({
    collection: outbox,
    where: { stream: { in: streams } },
    sort: '-createdAt',
    pagination: false,
    depth: 0,
    select: { createdAt: true, state: true, step: true, stream: true, type: true },
    // The videos are ones that their reader may see.
    overrideAccess: true,
  })
  return docs as unknown as ToldEvent[]
}

const isOfSubmission = (
  rendition: RenditionDoc,
  { id }: VideoDoc,
  submission: VideoDoc['submission'],
): boolean => isSame(idOf(rendition.video), id) && rendition.submission === submission

async function newestRenditions(
  payload: BasePayload,
  { renditions }: Slugs,
  videos: readonly VideoDoc[],
): Promise<RenditionDoc[]> {
  const or: Where[] = videos.flatMap((video) => {
    const submissions = submittedOf(video).map((film) => filmOf(video, film).submission ?? 0)
    if (submissions.length === 0) return []
    return [{ video: { equals: video.id }, submission: { in: submissions } }]
  })
  if (or.length === 0) return []
  const { docs } = await payload.find({
    collection: renditions,
    where: { or },
    sort: '-createdAt',
    pagination: false,
    depth: 0,
    // As long as a book.
    select: { transcript: false },
    // The videos are ones that their reader may see.
    overrideAccess: true,
  })
  return docs as unknown as RenditionDoc[]
}

interface Slugs {
  outbox: string
  renditions: string
}

const submittedOf = (video: VideoDoc): string[] =>
  filmsOf(video).filter((film) => filmOf(video, film).submission)

const isSame = (one: Id, other: Id): boolean => String(one) === String(other)

/** Return how a video stands by the renditions of its present submissions, and its events, newest first. */
export function standingOf(
  video: VideoDoc,
  renditions: readonly RenditionDoc[],
  events: readonly ToldEvent[],
  { language, ownLocale }: { language: string; ownLocale: string },
): Standing {
  const submitted = submittedOf(video)
  const renditionOf = (film: string): RenditionDoc | undefined =>
    renditions.find(({ submission }) => submission === filmOf(video, film).submission)
  const isRefused = (film: string): boolean =>
    !renditionOf(film) && wasRefused(filmOf(video, film), events)
  const tellUntaken = (film: string): string =>
    isRefused(film)
      ? translate(language, 'event.state.refused')
      : translate(language, `stage.${filmOf(video, film).stage ?? 'draft'}`)
  const isMoving = submitted.some(
    (film) => !isRefused(film) && moves(filmOf(video, film), renditionOf(film)),
  )

  // The video's own film alone is told as it always was.
  if (submitted.every((film) => film === '')) {
    const rendition = renditionOf('')
    const words = rendition ? tellStatusShort(rendition, language) : tellUntaken('')
    const untaken = isRefused('') ? 'error' : 'light-gray'
    const style = rendition ? (styles[rendition.status] ?? 'light') : untaken
    return { words, title: '', style, isMoving }
  }
  const films = submitted.map((film): FilmStanding => {
    const rendition = renditionOf(film)
    return {
      locale: film || ownLocale,
      // What was refused wants somebody as much as what failed.
      status: rendition?.status ?? (isRefused(film) ? 'failed' : null),
      words: rendition ? tellStatus(rendition, language) : tellUntaken(film),
    }
  })
  const status = foremost(films)
  return {
    words: tellFilms(films, language),
    title: tellEach(films, language),
    style: (status && styles[status]) ?? 'light',
    isMoving,
  }
}

/** Tell whether the service refused what it was last told of a film's submission, which is none then. */
function wasRefused(video: VideoDoc, events: readonly ToldEvent[]): boolean {
  if (video.stage !== 'submitted') return false
  const stream = videoStream(video)
  const own = events.filter(
    (event) => event.stream === stream && isOf(event, video.submission ?? 0, ''),
  )
  return own[0]?.state === 'refused' && own.every(({ state }) => state !== 'queued')
}

/** Tell whether a film changes by itself: it is being made, or is about to be. */
function moves({ stage }: VideoDoc, rendition: RenditionDoc | undefined): boolean {
  if (!rendition) return stage === 'submitted'
  return !isOver(rendition.status) && rendition.status !== 'storyboard_complete'
}
