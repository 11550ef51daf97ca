/**
 * Where there are no transactions, saves of one video in two locales write over one another.
 *
 * Each writes the whole document as it read it, and with it how the other's film stood before. What
 * the service was told is never written over, and a film only ever goes on: from one submission to
 * the next, from one try to the next, from being made to being cancelled. So how far a film has
 * come is told by the outbox, and a document that says less is raised to it.
 */
import type { CollectionAfterChangeHook, PayloadRequest } from 'payload'

import { type FilmState, type Id, serviceIdOf, type VideoDoc } from '../documents.ts'
import { digestOf, filmIn, filmLocales, filmOf, stateOf, withFilm, wordsOf } from '../films.ts'
import { findEvents, type ToldEvent, videoStepOf } from '../outbox/told.ts'
import type { Settings } from '../settings.ts'
import { changeState } from './videoState.ts'

/** Each further turn means that another save was stored meanwhile. */
const mostTurns = 20

/** Raise a saved video to what was told of it, until nobody has written over that. */
export function settleFilms(settings: Settings): CollectionAfterChangeHook {
  return async ({ doc, req }) => {
    // Held by its transaction, nobody else saves it.
    if (await req.transactionID) return
    const { id } = doc as VideoDoc
    for (let turn = 0; turn < mostTurns; turn += 1) {
      if (!(await raise(settings, req, id))) return
    }
  }
}

async function raise(settings: Settings, req: PayloadRequest, id: Id): Promise<boolean> {
  const events = await findEvents(settings, req, { video: { equals: id } })
  const video = await req.payload.db.findOne<VideoDoc>({
    collection: settings.slugs.videos,
    where: { id: { equals: id } },
    req,
  })
  if (!video) return false
  const locales = filmLocales(settings, req.payload)
  let raised: Partial<VideoDoc> = video
  for (const locale of locales.length > 0 ? locales : ['']) {
    const film = filmIn(settings, req.payload, locale)
    const state = stateOf(filmOf(video, film) as Partial<FilmState>)
    const told = newestOf(filmOf(video, film), events)
    if (!told || rankOf(told) <= rankOf(state)) continue
    const isAnother = told.submission !== state.submission
    const said = isAnother ? await digestNow(settings, req, id, locale) : state.said
    raised = { ...raised, ...withFilm(raised, film, { ...told, said }) }
  }
  if (raised === video) return false
  const { films, ...own } = withFilm(raised, '', stateOf(raised as Partial<FilmState>))
  await changeState(settings, req, { where: { id: { equals: id } }, state: { ...own, films } })
  return true
}

/** Return the furthest that a film was told to have come. */
function newestOf(video: VideoDoc, events: readonly ToldEvent[]): FilmState | null {
  const stream = `video:${serviceIdOf(video)}`
  const states = events
    .filter((event) => event.stream === stream && event.type.startsWith('video.'))
    .map((event): FilmState => {
      const { retries, submission } = videoStepOf(event)
      const stage = event.type === 'video.cancelled' ? 'cancelled' : 'submitted'
      return { retries, said: null, stage, submission }
    })
  // Retries are counted on from one submission to the next, and a submission does not tell them.
  const retries = Math.max(0, ...states.map((state) => state.retries))
  const newest = states.toSorted((one, other) => rankOf(one) - rankOf(other)).at(-1)
  return newest ? { ...newest, retries: Math.max(retries, newest.retries) } : null
}

/** Return a number that grows with every step that a film takes. */
function rankOf({ retries, stage, submission }: FilmState): number {
  return submission * 1e8 + retries * 2 + (stage === 'cancelled' ? 1 : 0)
}

async function digestNow(
  settings: Settings,
  req: PayloadRequest,
  id: Id,
  locale: string,
): Promise<string> {
  const video = (await req.payload.findByID({
    collection: settings.slugs.videos,
    id,
    depth: 0,
    draft: true,
    fallbackLocale: false,
    joins: false,
    ...(locale && { locale }),
    overrideAccess: true,
    req,
    trash: true,
  })) as unknown as VideoDoc
  return digestOf(wordsOf(settings, req.payload, video, locale))
}
