/**
 * The plugin's own endpoints, as the server that answers and the admin that asks agree on them:
 * where each is, what it takes and what it answers.
 */
import type {
  Decision,
  DeliveryState,
  Id,
  RenditionDoc,
  Stage,
  StoryboardDoc,
} from '../documents.ts'
import type { CmsEvent, Problem } from '../generated/events.ts'

export const paths = {
  status: '/reelwright/videos/:id/status',
  price: '/reelwright/storyboards/:id/price',
  resolve: '/reelwright/renditions/:id/charges/:charge/resolve',
  video: '/reelwright/renditions/:id/video',
  poster: '/reelwright/renditions/:id/poster',
  download: '/reelwright/renditions/:id/download',
  writeStoryboard: '/reelwright/jobs/:jobId/storyboard',
  writeRendition: '/reelwright/jobs/:jobId/rendition',
} as const

/** Return a path with its parameters filled in. */
export function pathTo(name: keyof typeof paths, params: Record<string, Id>): string {
  return paths[name].replace(/:(\w+)/g, (_, param: string) =>
    encodeURIComponent(String(params[param])),
  )
}

/** What each endpoint that the admin reads answers with; others redirect or only take. */
export interface Answers {
  status: VideoStatus
  price: Price
  /** Nothing: what became of it is in the next status. */
  resolve: null
}

export interface VideoStatus {
  stage: Stage
  submission: number
  /** The job of the present submission, once the service has taken it up. */
  rendition: null | RenditionDoc
  storyboard: null | {
    id: Id
    decision: Decision
    approvedBy: string
    estimatedCost: string
    scenes: number
  }
  /** The event that is not delivered: waiting for the service, or refused by it. */
  delivery: null | {
    type: CmsEvent['type']
    state: Exclude<DeliveryState, 'delivered'>
    attempts: number
    /** Why, in the service's own words; with a code where there is one to translate. */
    problem: Problem
  }
  /** True from the moment a new attempt is asked for until the service has begun it. */
  retrying: boolean
  mayApprove: boolean
}

/** What an editor may change of a storyboard and a price depends on. */
export const pricedFields = [
  'aspectRatio',
  'locale',
  'palette',
  'scenes',
  'style',
  'title',
  'voice',
] as const satisfies readonly (keyof StoryboardDoc)[]

/** The body of `price`: the fields as they stand in a form; whatever else is there is passed over. */
export type StoryboardEdit = Partial<Pick<StoryboardDoc, (typeof pricedFields)[number]>>

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

export type ChargeOutcome = 'charged' | 'not_charged'

/** The body of `resolve`. */
export interface ChargeResolution {
  outcome: ChargeOutcome
}

/** What the service is told of a write-back: the document, and whether the write changed it. */
export interface WritebackResult {
  id: Id
  stored: boolean
}
