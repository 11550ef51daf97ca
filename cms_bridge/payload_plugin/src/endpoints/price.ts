/**
 * What a storyboard costs as it stands in an editor's form, before it is saved.
 *
 * Nothing of it is kept, here or in the bridge; the browser sees amounts and no key.
 */
import type { Endpoint } from 'payload'

import { sceneDigests, standingOfScene } from '../approvals.ts'
import type { StoryboardDoc } from '../documents.ts'
import type { Problem, Storyboard } from '../generated/events.ts'
import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import { askBridge } from './bridge.ts'
import { toChanges } from './changes.ts'
import { paths, type Price, type ScenePrice } from './contract.ts'
import { findEdited } from './edits.ts'
import { answer, bridgeProblem, bridgeUnavailable } from './responses.ts'

export function priceEndpoint(settings: Settings): Endpoint {
  return {
    method: 'post',
    path: paths.price,
    handler: async (req) => {
      const edited = await findEdited(settings, req)
      if (edited instanceof Response) return edited
      const { job, saved, storyboard } = edited
      const price = await askPrice(settings, job, storyboard, saved)
      return price instanceof Response ? price : answer(price)
    },
  }
}

/** Return what a storyboard costs, and how its scenes stand; or the response that says why not. */
export async function askPrice(
  settings: Settings,
  job: string,
  storyboard: Storyboard,
  saved: Pick<StoryboardDoc, 'decision' | 'sceneApprovals'> = {},
): Promise<Price | Response> {
  const estimate = await askBridge(settings, `/jobs/${job}/estimate`, { storyboard })
  if (!estimate) return bridgeUnavailable()
  const price = toPrice(estimate.body, storyboard, saved)
  return estimate.status === 200 && price ? price : bridgeProblem(estimate)
}

function toPrice(
  body: unknown,
  storyboard: Storyboard,
  saved: Pick<StoryboardDoc, 'decision' | 'sceneApprovals'>,
): null | Price {
  if (!isRecord(body)) return null
  const amounts = {
    estimatedCost: body.estimatedCost,
    usualCost: body.usualCost,
    difference: body.difference,
    usualDifference: body.usualDifference,
    toApprove: body.toApprove,
    needs: body.needs,
    // Nothing is told of it where the service is older than this plugin.
    lostAtMost: body.lostAtMost ?? '0',
  }
  if (!areAmounts(amounts)) return null
  return {
    ...amounts,
    changes: toChanges(body.changes),
    scenes: toScenePrices(body.scenes, storyboard, saved),
    warnings: toWarnings(body.warnings),
  }
}

/** The bridge tells of scenes in the order in which it was asked of them. */
function toScenePrices(
  value: unknown,
  storyboard: Storyboard,
  saved: Pick<StoryboardDoc, 'decision' | 'sceneApprovals'>,
): ScenePrice[] {
  if (!Array.isArray(value)) return []
  const digests = [...sceneDigests(storyboard)]
  return value.filter(isRecord).flatMap((told, index): ScenePrice[] => {
    const [id, digest] = digests[index] ?? []
    // A service that is older than this plugin tells nothing of the motion's part.
    const { clipDue = '0', due, usualClipDue = '0', usualDue } = told
    const amounts = { due, usualDue, clipDue, usualClipDue }
    if (!areAmounts(amounts) || !id || !digest) return []
    const approval = standingOfScene(saved, { digest, due: amounts.due, id })
    return [{ ...amounts, sceneId: id, digest, approval }]
  })
}

function toWarnings(value: unknown): Problem[] {
  if (!Array.isArray(value)) return []
  return value
    .filter(isRecord)
    .flatMap(({ code, message, params }): Problem[] =>
      typeof code === 'string' && typeof message === 'string'
        ? [{ code, message, ...(isRecord(params) && { params: params as Problem['params'] }) }]
        : [],
    )
}

function areAmounts<Name extends string>(
  amounts: Record<Name, unknown>,
): amounts is Record<Name, string> {
  return Object.values(amounts).every((amount) => typeof amount === 'string')
}
