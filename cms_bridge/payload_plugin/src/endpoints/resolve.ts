/** A person's word on a call whose answer was lost: it was charged, or it was not. */
import type { Endpoint, PayloadRequest } from 'payload'

import { readJson } from '../body.ts'
import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import type { RenditionDoc } from '../documents.ts'
import { userName } from '../user.ts'
import { askBridge } from './bridge.ts'
import { type ChargeOutcome, paths } from './contract.ts'
import { findReadable } from './readable.ts'
import { bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

const longestBody = 1024

/** Only who may spend may say what was spent. */
export function resolveEndpoint(settings: Settings): Endpoint {
  return {
    method: 'post',
    path: paths.resolve,
    handler: async (req) => {
      const rendition = await findReadable<RenditionDoc>(req, settings.slugs.renditions)
      if (!rendition) return problem(404, 'Not found', 'There is no such rendition.')
      if (!(await settings.access.approve({ req }))) {
        return problem(403, 'Forbidden', 'Only those who may approve may say what was paid.', {
          code: 'may_not_resolve',
        })
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
      if (!answer) return bridgeUnavailable()
      return answer.status === 200 ? new Response(null, { status: 204 }) : bridgeProblem(answer)
    },
  }
}

async function readOutcome(req: PayloadRequest): Promise<ChargeOutcome | null> {
  const body = await readJson(req.body ?? null, longestBody)
  const outcome = isRecord(body) ? body.outcome : undefined
  return outcome === 'charged' || outcome === 'not_charged' ? outcome : null
}
