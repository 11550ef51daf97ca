/** What the pages of a site ask for. */
import type { BasePayload, PayloadRequest } from 'payload'

import { type Id, idOf, type Reference, type RenditionDoc } from './documents.ts'
import { filmIn } from './films.ts'
import { isRecord } from './json.ts'
import type { Settings } from './settings.ts'

export interface FilmQuery {
  /** Which of Payload's locales it is the film of, where a video has one for each. */
  locale?: string
  /** As in Payload's Local API: with false, only what the user of `req` may read is found. */
  overrideAccess?: boolean
  req?: PayloadRequest
}

/** Return where the plugin's collections are, as it told the configuration. */
export function slugsOf(payload: BasePayload): Settings['slugs'] {
  const told: unknown = payload.config.custom.reelwright
  if (!isRecord(told) || !isRecord(told.slugs)) {
    throw new Error('reelwright: the plugin is not part of this Payload.')
  }
  return told.slugs as Settings['slugs']
}

/**
 * Return the rendition whose film is a video's: that of its newest submission which has one.
 *
 * Null where there is none yet. Whether the video itself may be shown is for the page to know.
 */
export async function findFilm(
  payload: BasePayload,
  video: Reference<{ id: Id }>,
  { locale = '', overrideAccess = true, req }: FilmQuery = {},
): Promise<null | RenditionDoc> {
  const slugs = slugsOf(payload)
  const film = filmIn({ slugs }, payload, locale)
  const asked = { collection: slugs.renditions, depth: 0, overrideAccess, ...(req && { req }) }
  const { docs } = await payload.find({
    ...asked,
    overrideAccess,
    where: { video: { equals: idOf(video) } },
    sort: '-submission',
    pagination: false,
    select: { file: true, film: true },
  })
  const shown = (docs as unknown as RenditionDoc[]).find(
    (rendition) => (rendition.film ?? '') === film && rendition.file,
  )
  if (!shown) return null
  const found = await payload.findByID({
    ...asked,
    overrideAccess,
    id: shown.id,
    disableErrors: true,
  })
  return found as unknown as null | RenditionDoc
}
