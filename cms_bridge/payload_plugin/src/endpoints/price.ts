/**
 * What a storyboard costs as it stands in an editor's form, before it is saved.
 *
 * Nothing of it is kept, here or in the bridge; the browser sees amounts and no key.
 */
import type { Endpoint } from 'payload'

import type { Problem } from '../generated/events.ts'
import { isRecord } from '../json.ts'
import { withLibrary } from '../library.ts'
import type { Settings } from '../settings.ts'
import { nameScenes, toStoryboard } from '../storyboard.ts'
import type { StoryboardDoc } from '../documents.ts'
import { askBridge } from './bridge.ts'
import { toChanges } from './changes.ts'
import { paths, type Price, type ScenePrice } from './contract.ts'
import { readEdit } from './edits.ts'
import { findReadable } from './readable.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

export function priceEndpoint(settings: Settings): Endpoint {
  return {
    method: 'post',
    path: paths.price,
    handler: async (req) => {
      const saved = await findReadable<StoryboardDoc>(req, settings.slugs.storyboards)
      if (!saved) return problem(404, 'Not found', 'There is no such storyboard.')
      const edited = await readEdit(req)
      if (!edited) return problem(400, 'Not a storyboard', 'The body is no storyboard.')
      const named = nameScenes(edited.scenes ?? saved.scenes ?? [])
      const edit = { ...saved, ...edited, scenes: named }
      const doc = await withLibrary<StoryboardDoc>(settings, req, edit, saved)
      const storyboard = toStoryboard(doc)
      const job = encodeURIComponent(saved.jobId)
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
