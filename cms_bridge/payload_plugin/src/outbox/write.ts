/** Writes an event into the outbox, in the transaction of the request that caused it. */
import { randomUUID } from 'node:crypto'
import { type PayloadRequest, ValidationError } from 'payload'

import type { CmsEvent } from '../generated/events.ts'
import type { Settings } from '../settings.ts'
import { type OutboxDoc, serviceIdOf, type VideoDoc } from '../documents.ts'
import { wake } from './wake.ts'

/** Name the stream of a video: its events, and those of its storyboards, stay in order. */
export function videoStream(video: VideoDoc): string {
  return `video:${serviceIdOf(video)}`
}

/**
 * Store the event of a video and the wake-up for its delivery; both come to be, or neither.
 *
 * `step` counts what this kind of event tells of, of one film or of all that have an `owner`. A step
 * is told once: one that is in the outbox already, by a save at the same time, is left as it is.
 * Returns the stream in which it is told.
 */
export async function writeEvent(
  { slugs }: Settings,
  req: PayloadRequest,
  video: VideoDoc,
  { event, owner = video, step: count }: { event: CmsEvent; owner?: VideoDoc; step: string },
): Promise<string> {
  const collection = slugs.outbox
  const step = `${serviceIdOf(owner)}/${event.type}/${count}`
  const stream = videoStream(video)
  const findTold = async (): Promise<string | undefined> => {
    const where = { step: { equals: step } }
    const found = { collection, where, limit: 1, depth: 0, select: { stream: true } } as const
    const { docs } = await req.payload.find({ ...found, overrideAccess: true, req })
    return (docs[0] as unknown as OutboxDoc | undefined)?.stream
  }
  const told = await findTold()
  if (told) return told
  const row = { ...rowOf(event), stream, video: video.id, step }
  try {
    await req.payload.create({ collection, data: row, depth: 0, overrideAccess: true, req })
  } catch (error) {
    // Within a transaction the save is undone; without one, the other save has told the step.
    const isLate = error instanceof ValidationError && !(await req.transactionID)
    const late = isLate && (await findTold())
    if (!late) throw error
    return late
  }
  await wake(req.payload, { req })
  return stream
}

/** Store an event that is about a project and none of its videos; each is a step of its own. */
export async function writeProjectEvent(
  { slugs }: Settings,
  req: PayloadRequest,
  project: string,
  event: CmsEvent,
): Promise<void> {
  const row = rowOf(event)
  const step = `${project}/${event.type}/${row.eventId}`
  const data = { ...row, stream: `project:${project}`, step }
  await req.payload.create({
    ...{ collection: slugs.outbox, data, depth: 0 },
    ...{ overrideAccess: true, req },
  })
  await wake(req.payload, { req })
}

function rowOf(event: CmsEvent): Omit<OutboxDoc, 'createdAt' | 'id' | 'stream'> {
  return {
    eventId: `evt_${randomUUID()}`,
    type: event.type,
    body: JSON.stringify(event),
    state: 'queued',
    attempts: 0,
    nextAttemptAt: new Date().toISOString(),
  }
}
