/** A person's word on a call whose answer was lost: it was charged, or it was not. */
import type { Endpoint, PayloadRequest } from 'payload'

import { readBounded } from '../body.ts'
import { userName } from '../hooks/planDecision.ts'
import type { Settings } from '../settings.ts'
import type { RenditionDoc } from '../documents.ts'
import { askBridge } from './bridge.ts'
import { away, problem, problemOf } from './problem.ts'
import { findReadable } from './readable.ts'

export type Outcome = 'charged' | 'not_charged'

const longestBody = 1024

/** Only who may spend may say what was spent. */
export function resolveEndpoint(settings: Settings): Endpoint {
  return {
    method: 'post',
    path: '/reelwright/renditions/:id/charges/:charge/resolve',
    handler: async (req) => {
      const rendition = await findReadable<RenditionDoc>(req, settings.slugs.renditions)
      if (!rendition) return problem(404, 'Not found', 'There is no such rendition.')
      if (!(await settings.access.approve({ req }))) {
        return problem(403, 'Forbidden', 'Only those who may approve may say what was paid.')
      }
      const outcome = await readOutcome(req)
      if (!outcome) {
        return problem(400, 'No outcome', 'The outcome is "charged" or "not_charged".')
      }
      const job = encodeURIComponent(rendition.jobId)
      const charge = encodeURIComponent(String(req.routeParams?.charge))
      const answer = await askBridge(settings, `/videos/jobs/${job}/charges/${charge}/resolve`, {
        outcome,
        by: userName(req.user),
      })
      if (!answer) return away()
      return answer.status === 200 ? new Response(null, { status: 204 }) : problemOf(answer)
    },
  }
}

async function readOutcome(req: PayloadRequest): Promise<null | Outcome> {
  const raw = await readBounded(req.body ?? null, longestBody)
  try {
    const { outcome } = JSON.parse(raw?.toString('utf8') ?? '') as { outcome?: unknown }
    return outcome === 'charged' || outcome === 'not_charged' ? outcome : null
  } catch {
    return null
  }
}
