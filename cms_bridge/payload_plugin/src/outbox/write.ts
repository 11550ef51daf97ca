/** Writes an event into the outbox, in the transaction of the request that caused it. */
import { randomUUID } from 'node:crypto'
import type { PayloadRequest } from 'payload'

import type { CmsEvent } from '../generated/events.ts'
import type { Settings } from '../settings.ts'
import { type OutboxDoc, serviceIdOf, type VideoDoc } from '../documents.ts'
import { wake } from './wake.ts'

/** Name the stream of a video: its events, and those of its storyboards, stay in order. */
export function videoStream(video: VideoDoc): string {
  return `video:${serviceIdOf(video)}`
}

/** Store the event of a video and the wake-up for its delivery; both come to be, or neither. */
export async function writeEvent(
  { slugs }: Settings,
  req: PayloadRequest,
  video: VideoDoc,
  event: CmsEvent,
): Promise<void> {
  const row: Omit<OutboxDoc, 'createdAt' | 'id'> = {
    eventId: `evt_${randomUUID()}`,
    type: event.type,
    stream: videoStream(video),
    video: video.id,
    body: JSON.stringify(event),
    state: 'queued',
    attempts: 0,
    nextAttemptAt: new Date().toISOString(),
  }
  await req.payload.create({ collection: slugs.outbox, data: row, depth: 0, req })
  await wake(req.payload, { req })
}
