/** What the outbox says that the service was told, step by step. */
import type { PayloadRequest, Where } from 'payload'

import type { Id, OutboxDoc } from '../documents.ts'
import type { CmsEvent } from '../generated/events.ts'
import { parseJson } from '../json.ts'
import type { Settings } from '../settings.ts'

export type ToldEvent = Pick<OutboxDoc, 'createdAt' | 'state' | 'step' | 'stream' | 'type'>

/** Return events without their texts, of a video's films or of one. */
export async function findEvents(
  { slugs }: Settings,
  req: PayloadRequest,
  where: Where,
): Promise<ToldEvent[]> {
  const { docs } = await req.payload.find({
    collection: slugs.outbox,
    where,
    pagination: false,
    depth: 0,
    overrideAccess: true,
    req,
    select: { createdAt: true, state: true, step: true, stream: true, type: true },
  })
  return docs as unknown as ToldEvent[]
}

/** Return which revision of a job's storyboard an event brought; 0 where it brought none of it. */
export function revisionTold({ step }: ToldEvent, jobId: string): number {
  const [job, revision] = splitStep(step)
  return job === jobId && jobId ? Number(revision) : 0
}

/** Return which submission an event of a video is about, and how often it was tried again by then. */
export function videoStepOf({ step }: Pick<ToldEvent, 'step'>): {
  retries: number
  submission: number
} {
  const [submission, retries] = splitStep(step)
  return { retries: Number(retries) || 0, submission: Number(submission) || 0 }
}

/** Tell whether an event is about a submission or about what is made of it. */
export function isOf(event: ToldEvent, submission: number, jobId: string): boolean {
  if (!event.type.startsWith('video.')) return revisionTold(event, jobId) > 0
  return videoStepOf(event).submission === submission
}

/** Return the script of a submission; null where the outbox has forgotten it. */
export async function submittedScript(
  { slugs }: Settings,
  req: PayloadRequest,
  { submission, video }: { submission: number; video: Id },
): Promise<null | string> {
  const { docs } = await req.payload.find({
    collection: slugs.outbox,
    where: { video: { equals: video }, type: { equals: 'video.submitted' } },
    pagination: false,
    depth: 0,
    overrideAccess: true,
    req,
    select: { body: true, step: true },
  })
  const told = (docs as unknown as OutboxDoc[]).find(
    (event) => videoStepOf(event).submission === submission,
  )
  const event = told && (parseJson(told.body) as CmsEvent)
  return event?.type === 'video.submitted' ? (event.data.brief.script ?? '') : null
}

/** Part what a step counts, as `writeEvent` wrote it: a job or a submission, and a number. */
function splitStep(step: null | string | undefined): [string, string] {
  const count = step?.slice(step.lastIndexOf('/') + 1) ?? ''
  const dot = count.lastIndexOf('.')
  return dot < 0 ? [count, '0'] : [count.slice(0, dot), count.slice(dot + 1)]
}
