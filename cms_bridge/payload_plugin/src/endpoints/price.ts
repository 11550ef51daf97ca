/**
 * What a storyboard costs as it stands in an editor's form, before it is saved.
 *
 * Nothing of it is kept, here or in the bridge; the browser sees amounts and no key.
 */
import type { Endpoint, PayloadRequest } from 'payload'

import { readBounded } from '../body.ts'
import type { Settings } from '../settings.ts'
import { nameScenes, toStoryboard } from '../storyboard.ts'
import type { StoryboardDoc } from '../documents.ts'
import { askBridge } from './bridge.ts'
import { away, problem, problemOf } from './problem.ts'
import { findReadable } from './readable.ts'

/** Amounts in US dollars, as text. */
export interface Price {
  /** At most, with every scene made anew. */
  estimatedCost: string
  /** The same as it usually is. */
  usualCost: string
  /** At most, what is to be paid now: what exists costs nothing. */
  difference: string
  usualDifference: string
  /** What an approval answers to; where more is needed than was approved, that included. */
  toApprove: string
  /** What the work, which has stopped for it, needs beyond what was approved. */
  needs: string
}

const largestBody = 2 * 1024 * 1024
/** What an editor may change of a storyboard and a price depends on. */
const editable = ['aspectRatio', 'locale', 'palette', 'scenes', 'style', 'title', 'voice'] as const

export function priceEndpoint(settings: Settings): Endpoint {
  return {
    method: 'post',
    path: '/reelwright/storyboards/:id/price',
    handler: async (req) => {
      const saved = await findReadable<StoryboardDoc>(req, settings.slugs.storyboards)
      if (!saved) return problem(404, 'Not found', 'There is no such storyboard.')
      const edited = await readEdit(req)
      if (!edited) return problem(400, 'Not a storyboard', 'The body is no storyboard.')
      const doc = { ...saved, ...edited }
      const storyboard = toStoryboard({ ...doc, scenes: nameScenes(doc.scenes ?? []) })
      const job = encodeURIComponent(saved.jobId)
      const answer = await askBridge(settings, `/jobs/${job}/estimate`, { storyboard })
      if (!answer) return away()
      const price = priceOf(answer.body)
      if (answer.status !== 200 || !price) return problemOf(answer)
      return Response.json(price, { headers: { 'cache-control': 'private, no-store' } })
    },
  }
}

/** Read the edited fields, and none that belong to the service. */
async function readEdit(req: PayloadRequest): Promise<null | Partial<StoryboardDoc>> {
  const raw = await readBounded(req.body ?? null, largestBody)
  try {
    const body: unknown = JSON.parse(raw?.toString('utf8') ?? '')
    if (!isRecord(body)) return null
    const { scenes } = body
    const listed = Array.isArray(scenes) && scenes.every(isRecord)
    if (scenes !== undefined && scenes !== null && !listed) return null
    return Object.fromEntries(
      editable.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
    )
  } catch {
    return null
  }
}

function priceOf(body: unknown): null | Price {
  if (!isRecord(body)) return null
  const { difference, estimated_cost, needs, to_approve, usual_cost, usual_difference } = body
  const price = {
    estimatedCost: estimated_cost,
    usualCost: usual_cost,
    difference,
    usualDifference: usual_difference,
    toApprove: to_approve,
    needs,
  }
  return Object.values(price).every((amount) => typeof amount === 'string')
    ? (price as Price)
    : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
