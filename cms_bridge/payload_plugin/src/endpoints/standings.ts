/** How the videos of a list stand, in the words of its cells, in one answer for the whole page. */
import type { Endpoint } from 'payload'

import type { VideoDoc } from '../documents.ts'
import type { Settings } from '../settings.ts'
import { findStandings } from '../standing.ts'
import { paths } from './contract.ts'
import { answer, problem } from './responses.ts'

/** Payload's own longest page of a list. */
const mostAtOnce = 100

export function standingsEndpoint({ slugs }: Settings): Endpoint {
  return {
    method: 'get',
    path: paths.standings,
    handler: async (req) => {
      const { ids } = req.query
      const asked = typeof ids === 'string' ? ids.split(',').filter(Boolean) : []
      if (asked.length === 0 || asked.length > mostAtOnce) {
        const detail = `\`ids\` names from 1 to ${String(mostAtOnce)} videos, with commas between.`
        return problem(400, 'No videos named', detail)
      }
      const { docs } = await req.payload.find({
        collection: slugs.videos,
        where: { id: { in: asked } },
        limit: mostAtOnce,
        pagination: false,
        depth: 0,
        overrideAccess: false,
        trash: true,
        req,
      })
      const videos = docs as unknown as VideoDoc[]
      const standings = await findStandings(req.payload, slugs, videos, req.i18n.language)
      return answer(Object.fromEntries(standings))
    },
  }
}
