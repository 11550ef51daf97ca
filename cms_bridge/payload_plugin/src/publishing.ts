/**
 * What keeps a video's film from being published, and what was said to publish it all the same.
 *
 * The film that counts is the one that can be watched: that of the newest submission which has one.
 * Of a newer submission, whose film is not there yet, calls of unknown outcome count as well.
 */
import type { PayloadRequest } from 'payload'

import type { Id, PublishedAnyway, RenditionDoc, VideoDoc } from './documents.ts'
import type { Settings } from './settings.ts'

/**
 * Why a film is held back:
 *
 *   placeholders     pictures or narrations stand in for what no service made
 *   unknownCharges   calls may have been charged, and nobody has said whether they were
 */
export const holdReasons = ['placeholders', 'unknownCharges'] as const

export type HoldReason = (typeof holdReasons)[number]

const codes: Record<HoldReason, readonly string[]> = {
  placeholders: ['placeholder_used'],
  unknownCharges: ['charge_unknown', 'generation_outcome_unknown'],
}

/** A film and what holds it back. */
export interface Hold {
  /** Names this film and these reasons, and no other: what was said of one is not said of the next. */
  key: string
  reasons: HoldReason[]
}

/** Return what holds a video's films back, in whatever language, or null where nothing does. */
export async function findHold(
  { slugs }: Pick<Settings, 'slugs'>,
  req: PayloadRequest,
  video: Id,
): Promise<Hold | null> {
  const { docs } = await req.payload.find({
    collection: slugs.renditions,
    where: { video: { equals: video } },
    sort: '-submission',
    pagination: false,
    depth: 0,
    select: { error: true, file: true, film: true, jobId: true, submission: true, warnings: true },
    overrideAccess: true,
    req,
  })
  const renditions = docs as unknown as (HeldRendition & Pick<RenditionDoc, 'film'>)[]
  const films = new Set(renditions.map(({ film }) => film ?? ''))
  const holds = [...films].toSorted().flatMap((name) => {
    const hold = holdOf(renditions.filter(({ film }) => (film ?? '') === name))
    return hold ? [hold] : []
  })
  if (holds.length === 0) return null
  return {
    key: holds.map(({ key }) => key).join(', '),
    reasons: holdReasons.filter((reason) => holds.some(({ reasons }) => reasons.includes(reason))),
  }
}

type HeldRendition = Pick<RenditionDoc, 'error' | 'file' | 'jobId' | 'warnings'>

/** The same of one film's renditions, the newest submission first. */
export function holdOf(renditions: readonly HeldRendition[]): Hold | null {
  const shown = renditions.findIndex(({ file }) => Boolean(file))
  const film = renditions[shown]
  // Where nothing can be watched, nothing is held back.
  if (!film) return null
  const counting = renditions.slice(0, shown + 1)
  const holds = (reason: HoldReason): boolean => {
    const looked = reason === 'placeholders' ? [film] : counting
    return looked.some((rendition) => {
      const problems = [...(rendition.warnings ?? []), rendition.error]
      return problems.some((problem) => problem && codes[reason].includes(problem.code))
    })
  }
  const reasons = holdReasons.filter(holds)
  if (reasons.length === 0) return null
  const name = `${film.jobId}/${String(film.file?.number ?? 1)}`
  return { key: [name, ...reasons].join(' '), reasons }
}

/** Return what was said to publish this film all the same, if that was of this film as it is. */
export function permitOf(
  { publishedAnyway }: Pick<VideoDoc, 'publishedAnyway'>,
  hold: Hold,
): null | Partial<PublishedAnyway> {
  return publishedAnyway?.at && publishedAnyway.hold === hold.key ? publishedAnyway : null
}
