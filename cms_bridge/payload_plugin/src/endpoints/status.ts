/** Everything the admin's panel shows of a video, in one answer that is cheap to ask for again. */
import type { Endpoint, PayloadRequest, Where } from 'payload'

import type { Problem } from '../generated/events.ts'
import type { Settings } from '../settings.ts'
import { videoStream } from '../outbox/write.ts'
import type {
  DeliveryState,
  Stage,
  Decision,
  Id,
  OutboxDoc,
  RenditionDoc,
  StoryboardDoc,
  VideoDoc,
} from '../documents.ts'
import { problem } from './problem.ts'

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
    type: string
    state: Exclude<DeliveryState, 'delivered'>
    attempts: number
    /** Why, in the service's own words; with a code where there is one to translate. */
    problem: Problem
  }
  /** True from the moment a new attempt is asked for until the service has begun it. */
  retrying: boolean
  mayApprove: boolean
}

export function statusEndpoint(settings: Settings): Endpoint {
  return {
    method: 'get',
    path: '/reelwright/videos/:id/status',
    handler: async (req) => {
      const id = req.routeParams?.id
      const video = await first<VideoDoc>(req, settings.slugs.videos, { id: { equals: id } })
      if (!video) return problem(404, 'Not found', 'There is no such video.')
      return Response.json(await statusOf(settings, req, video), {
        headers: { 'cache-control': 'private, no-store' },
      })
    },
  }
}

async function statusOf(
  settings: Settings,
  req: PayloadRequest,
  video: VideoDoc,
): Promise<VideoStatus> {
  const { access, slugs } = settings
  const submission = video.submission ?? 0
  const where: Where = { video: { equals: video.id }, submission: { equals: submission } }
  const newest = '-createdAt'
  const rendition = await first<RenditionDoc>(req, slugs.renditions, where, newest)
  const storyboard = await first<StoryboardDoc>(req, slugs.storyboards, where, newest)
  const events = await newestEvents(settings, req, video.id)
  const retried = events.newest?.type === 'video.retried' && events.newest.createdAt
  return {
    stage: video.stage === 'cancelled' || video.stage === 'submitted' ? video.stage : 'draft',
    submission,
    rendition: rendition ?? null,
    storyboard: storyboard
      ? {
          id: storyboard.id,
          decision: storyboard.decision ?? 'pending',
          approvedBy: storyboard.approvedBy ?? '',
          estimatedCost: storyboard.estimatedCost ?? '0',
          scenes: storyboard.scenes?.length ?? 0,
        }
      : null,
    delivery: undelivered(events),
    retrying: Boolean(retried && rendition && retried > rendition.updatedAt),
    mayApprove: await access.approve({ req }),
  }
}

interface Events {
  newest: OutboxDoc | undefined
  oldestQueued: OutboxDoc | undefined
}

async function newestEvents({ slugs }: Settings, req: PayloadRequest, video: Id): Promise<Events> {
  const find = async (where: Where, sort: string): Promise<OutboxDoc | undefined> => {
    const { docs } = await req.payload.find({
      collection: slugs.outbox,
      where: { stream: { equals: videoStream(video) }, ...where },
      sort,
      limit: 1,
      depth: 0,
    })
    return docs[0] as unknown as OutboxDoc | undefined
  }
  return {
    newest: await find({}, '-createdAt'),
    oldestQueued: await find({ state: { equals: 'queued' } }, 'createdAt'),
  }
}

/** The oldest event that waits, or else the newest one if it was refused. */
function undelivered({ newest, oldestQueued }: Events): VideoStatus['delivery'] {
  const row = oldestQueued ?? newest
  if (!row || row.state === 'delivered') return null
  const { attempts, state, type } = row
  const problem = row.problem ?? { code: '', message: row.lastError ?? '' }
  return { attempts, state, type, problem }
}

async function first<T>(
  req: PayloadRequest,
  collection: string,
  where: Where,
  sort?: string,
): Promise<T | undefined> {
  const { docs } = await req.payload.find({
    collection,
    where,
    limit: 1,
    depth: 0,
    overrideAccess: false,
    req,
    ...(sort && { sort }),
  })
  return docs[0] as unknown as T | undefined
}
