/** The finished films of a video's present submission, the newest first, and what differs in each. */
import type { Endpoint } from 'payload'

import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import type { RenditionDoc, VideoDoc } from '../documents.ts'
import { filmAsked, filmOf } from '../films.ts'
import { askBridge } from './bridge.ts'
import { toChanges } from './changes.ts'
import { type Film, paths } from './contract.ts'
import { findNewestReadable, findReadable } from './readable.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

export function filmsEndpoint(settings: Settings): Endpoint {
  const { renditions, videos } = settings.slugs
  return {
    method: 'get',
    path: paths.films,
    handler: async (req) => {
      const video = await findReadable<VideoDoc>(req, videos)
      if (!video) return problem(404, 'Not found', 'There is no such video.')
      const rendition = await findNewestReadable<RenditionDoc>(req, renditions, {
        video: { equals: video.id },
        submission: { equals: filmOf(video, filmAsked(settings, req)).submission ?? 0 },
      })
      if (!rendition?.file) return answer([] satisfies Film[])
      const job = encodeURIComponent(rendition.jobId)
      const told = await askBridge(settings, `/videos/${job}/renditions`)
      if (!told) return bridgeUnavailable()
      const films = toFilms(told.body)
      return told.status === 200 && films ? answer(films) : bridgeProblem(told)
    },
  }
}

/** Return the films, counted from the first; the same in another form is no film of its own. */
function toFilms(body: unknown): Film[] | null {
  if (!isRecord(body) || !Array.isArray(body.renditions)) return null
  const films = body.renditions.filter(isRecord).flatMap((one): Omit<Film, 'number'>[] => {
    const { bytes, createdAt, duration, exportId, height, id, width } = one
    if (exportId !== null || typeof id !== 'string' || typeof createdAt !== 'string') return []
    const numbers = { duration, width, height, bytes }
    if (!areNumbers(numbers)) return []
    const isKept = typeof one.retiredAt !== 'string'
    return [{ id, createdAt, ...numbers, isKept, changes: toChanges(one.changes) }]
  })
  // The service tells all that were ever made, the newest first; its own numbers count exports too.
  return films.map((film, index) => ({ ...film, number: films.length - index }))
}

function areNumbers<Name extends string>(
  values: Record<Name, unknown>,
): values is Record<Name, number> {
  return Object.values(values).every((value) => typeof value === 'number')
}
