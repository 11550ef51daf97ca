/** Where a video stands in the service's line: the one thing of its status that moves by others. */
import type { Endpoint, Where } from 'payload'

import type { RenditionDoc, VideoDoc } from '../documents.ts'
import { filmAsked, filmOf } from '../films.ts'
import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import { askBridge } from './bridge.ts'
import { type Line, paths } from './contract.ts'
import { findNewestReadable, findReadable } from './readable.ts'
import { answer, problem } from './responses.ts'

const nowhere: Line = { place: null, startsAt: null }

export function lineEndpoint(settings: Settings): Endpoint {
  return {
    method: 'get',
    path: paths.line,
    handler: async (req) => {
      const { renditions, videos } = settings.slugs
      const video = await findReadable<VideoDoc>(req, videos)
      if (!video) return problem(404, 'Not found', 'There is no such video.')
      const submission = { equals: filmOf(video, filmAsked(settings, req)).submission ?? 0 }
      const where: Where = { video: { equals: video.id }, submission }
      const rendition = await findNewestReadable<RenditionDoc>(req, renditions, where)
      if (!rendition) return answer(nowhere)
      const job = encodeURIComponent(rendition.jobId)
      const told = await askBridge(settings, `/tasks/${job}/status`)
      // A service that is away has a place for nobody: the panel tells so by itself.
      return answer(told?.status === 200 && isRecord(told.body) ? toLine(told.body.line) : nowhere)
    },
  }
}

function toLine(told: unknown): Line {
  if (!isRecord(told) || typeof told.place !== 'number') return nowhere
  return { place: told.place, startsAt: typeof told.startsAt === 'string' ? told.startsAt : null }
}
