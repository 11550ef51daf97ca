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
 * `step` counts what this kind of event tells of. A step is told once: one that is in the outbox
 * already, by a save at the same time, is left as it is.
 */
export async function writeEvent(
  { slugs }: Settings,
  req: PayloadRequest,
  video: VideoDoc,
  { event, step: count }: { event: CmsEvent; step: string },
): Promise<void> {
  const collection = slugs.outbox
  const step = `${serviceIdOf(video)}/${event.type}/${count}`
  const isTold = async (): Promise<boolean> => {
    const where = { step: { equals: step } }
    const { totalDocs } = await req.payload.count({ collection, where, overrideAccess: true, req })
    return totalDocs > 0
  }
  if (await isTold()) return
  const row: Omit<OutboxDoc, 'createdAt' | 'id'> = {
    eventId: `evt_${randomUUID()}`,
    type: event.type,
    stream: videoStream(video),
    video: video.id,
    step,
    body: JSON.stringify(event),
    state: 'queued',
    attempts: 0,
    nextAttemptAt: new Date().toISOString(),
  }
  try {
    await req.payload.create({ collection, data: row, depth: 0, overrideAccess: true, req })
  } catch (error) {
    // Within a transaction the save is undone; without one, the other save has told the step.
    const isLate = error instanceof ValidationError && !(await req.transactionID)
    if (!isLate || !(await isTold())) throw error
    return
  }
  await wake(req.payload, { req })
}
