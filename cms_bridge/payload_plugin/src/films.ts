/**
 * The films of a video: one of each locale that Payload keeps its words in.
 *
 * The film of Payload's default locale is the video's own, as is that of a video in one language
 * alone: its state stands in the video's own fields, and it is called ''. That of any other locale
 * stands under its code in `films`, and is another video to the service, named after this one.
 *
 * Submissions are counted over all films of a video, so that one names one film and no other.
 */
import { createHash } from 'node:crypto'
import type { BasePayload, PayloadRequest } from 'payload'

import { serviceIdOf, type FilmState, type RenditionDoc, type VideoDoc } from './documents.ts'
import type { Brief } from './generated/events.ts'
import type { Settings } from './settings.ts'
import { toMood, toSpeakers } from './storyboard.ts'
import { isLanguageTag } from './text.ts'

type Rules = Pick<Settings, 'slugs'>

/** Return the locales that a video has a film in, the default one first; none where it has one film. */
export function filmLocales({ slugs }: Rules, payload: BasePayload): string[] {
  const { localization } = payload.config
  if (!localization) return []
  const fields = payload.collections[slugs.videos]?.config.flattenedFields ?? []
  const isLocalised = fields.some(
    (field) => ['brief', 'script'].includes(field.name) && 'localized' in field && field.localized,
  )
  if (!isLocalised) return []
  const { defaultLocale, localeCodes } = localization
  return [defaultLocale, ...localeCodes.filter((code) => code !== defaultLocale)]
}

/** Return which film a request speaks of. */
export function filmAsked(settings: Rules, { locale, payload }: PayloadRequest): string {
  return filmIn(settings, payload, locale ?? '')
}

/** Return what the film of a locale is called here. */
export function filmIn(settings: Rules, payload: BasePayload, locale: string): string {
  const [, ...others] = filmLocales(settings, payload)
  return others.includes(locale) ? locale : ''
}

/** Return a video as one of its films: what the service calls it, and how it stands. */
export function filmOf<T extends Partial<VideoDoc>>(video: T, film: string): T {
  if (!film) return video
  const serviceId = `${serviceIdOf(video as unknown as VideoDoc)}.${film}`
  return { ...video, serviceId, ...stateOf(video.films?.[film]) }
}

export function stateOf(state: Partial<FilmState> | undefined): FilmState {
  const { retries, said, stage, submission } = state ?? {}
  return {
    retries: retries ?? 0,
    said: said ?? null,
    stage: stage ?? 'draft',
    submission: submission ?? 0,
  }
}

/** Return the state of all films of a video, with that of one replaced. */
export function withFilm(
  video: Partial<VideoDoc>,
  film: string,
  state: FilmState,
): FilmState & Required<Pick<VideoDoc, 'films'>> {
  const films = video.films ?? null
  return film
    ? { ...stateOf(video as Partial<FilmState>), films: { ...films, [film]: state } }
    : { ...state, films }
}

/** Return every film that a video has had something to do with, its own first. */
export function filmsOf({ films }: Pick<VideoDoc, 'films'>): string[] {
  return ['', ...Object.keys(films ?? {})]
}

/** Return how often a video's films were submitted, all together. */
export function submissionsOf(video: Partial<VideoDoc>): number {
  return Math.max(...filmsOf(video).map((film) => filmOf(video, film).submission ?? 0))
}

/**
 * Return the film whose scenes another keeps, as things stood before it was submitted.
 *
 * That is the video's own, or else the first that was submitted; it is drafted by itself.
 */
export function leadOf(video: VideoDoc, film: string): string | undefined {
  const lead = filmsOf(video).find((each) => filmOf(video, each).submission)
  return lead === film ? undefined : lead
}

/** What of a brief an editor writes on the video itself; `disclosure` only where it decides that. */
export type Words = Omit<Brief, 'cast' | 'follows' | 'logo' | 'look' | 'palette' | 'speakers'> &
  Required<Pick<Brief, 'speakers'>>

/** Return what is to be filmed of a video that was read in a locale. */
export function wordsOf(
  settings: Rules,
  payload: BasePayload,
  video: Partial<VideoDoc>,
  locale: string,
): Words {
  const { disclosure } = video
  return {
    title: video.title ?? '',
    brief: video.brief ?? '',
    script: video.script ?? '',
    style: video.style ?? '',
    voice: video.voice ?? '',
    speakers: toSpeakers(video.speakers),
    speed: video.speed ?? null,
    locale: languageOf(settings, payload, video, locale),
    aspectRatio: video.aspectRatio ?? '16:9',
    music: toMood(video.musicMood),
    // Absent unless it is decided, as before there was such a choice: nothing counts as changed.
    ...(disclosure && disclosure !== 'project' && { disclosure: disclosure === 'on' }),
  }
}

/** Return what would be filmed now of a video in a locale: of its newest draft. */
export async function wordsIn(
  settings: Rules,
  payload: BasePayload,
  { id }: Pick<VideoDoc, 'id'>,
  locale: string,
): Promise<Words> {
  const video = (await payload.findByID({
    collection: settings.slugs.videos,
    id,
    depth: 0,
    draft: true,
    fallbackLocale: false,
    joins: false,
    ...(locale && { locale }),
    // That whoever asks may read the video is known.
    overrideAccess: true,
    trash: true,
  })) as unknown as VideoDoc
  return wordsOf(settings, payload, video, locale)
}

/** Return the SHA-256, in hex, of words, by which it is told whether they changed. */
export function digestOf(words: Words): string {
  return createHash('sha256').update(JSON.stringify(words)).digest('hex')
}

/**
 * Return the language to speak: that of the words, where Payload keeps them in several.
 *
 * The video's own `locale` still says more where it says the same, as `pt-BR` does of `pt`.
 */
function languageOf(
  settings: Rules,
  payload: BasePayload,
  { locale }: Partial<VideoDoc>,
  chosen: string,
): string {
  const own = locale || 'en'
  if (!filmLocales(settings, payload).includes(chosen) || !isLanguageTag(chosen)) return own
  const primary = (tag: string): string => tag.toLowerCase().split(/[-_]/)[0] ?? ''
  return primary(own) === primary(chosen) ? own : chosen
}

/** Return the rendition of a video's present submission, if the service has written one. */
export async function newestRendition(
  { slugs }: Rules,
  req: PayloadRequest,
  { id, submission }: Pick<VideoDoc, 'id' | 'submission'>,
): Promise<RenditionDoc | undefined> {
  const { docs } = await req.payload.find({
    collection: slugs.renditions,
    where: { video: { equals: id }, submission: { equals: submission } },
    limit: 1,
    depth: 0,
    overrideAccess: true,
    req,
  })
  return docs[0] as unknown as RenditionDoc | undefined
}
