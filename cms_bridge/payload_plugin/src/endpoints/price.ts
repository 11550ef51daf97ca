/**
 * What a storyboard costs as it stands in an editor's form, before it is saved.
 *
 * Nothing of it is kept, here or in the bridge; the browser sees amounts and no key.
 */
import type { Endpoint } from 'payload'

import type { Problem } from '../generated/events.ts'
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
      const { job, storyboard } = edited
      const estimate = await askBridge(settings, `/jobs/${job}/estimate`, { storyboard })
      if (!estimate) return bridgeUnavailable()
      const price = toPrice(estimate.body)
      return estimate.status === 200 && price ? answer(price) : bridgeProblem(estimate)
    },
  }
}

function toPrice(body: unknown): null | Price {
  if (!isRecord(body)) return null
  const amounts = {
    estimatedCost: body.estimatedCost,
    usualCost: body.usualCost,
    difference: body.difference,
    usualDifference: body.usualDifference,
    toApprove: body.toApprove,
    needs: body.needs,
  }
  if (!areAmounts(amounts)) return null
  return {
    ...amounts,
    changes: toChanges(body.changes),
    scenes: toScenePrices(body.scenes),
    warnings: toWarnings(body.warnings),
  }
}

function toScenePrices(value: unknown): ScenePrice[] {
  if (!Array.isArray(value)) return []
  return value
    .filter(isRecord)
    .flatMap(({ due, usualDue }): ScenePrice[] =>
      typeof due === 'string' && typeof usualDue === 'string' ? [{ due, usualDue }] : [],
    )
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

type Amounts = Omit<Price, 'changes' | 'scenes' | 'warnings'>

function areAmounts(amounts: Record<keyof Amounts, unknown>): amounts is Amounts {
  return Object.values(amounts).every((amount) => typeof amount === 'string')
}
