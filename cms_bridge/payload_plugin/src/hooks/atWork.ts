/** Tells whether there is work on a video that can be stopped. */
import type { PayloadRequest } from 'payload'

import { isOver, type RenditionDoc, type VideoDoc, writtenAt } from '../documents.ts'
import { findEvents, isOf, revisionTold } from '../outbox/told.ts'
import { videoStream } from '../outbox/write.ts'
import type { Settings } from '../settings.ts'

/**
 * Not of one that is finished, has failed or was stopped, unless the service was told more since.
 *
 * What it writes back may be older than that, however late it comes: it says which revision of the
 * storyboard it knows, and nothing of what has yet to reach it.
 */
export async function isAtWork(
  settings: Settings,
  req: PayloadRequest,
  video: VideoDoc,
): Promise<boolean> {
  const { id, stage, submission } = video
  if (!submission || stage === 'cancelled') return false
  const { docs } = await req.payload.find({
    collection: settings.slugs.renditions,
    where: { video: { equals: id }, submission: { equals: submission } },
    limit: 1,
    depth: 0,
    overrideAccess: true,
    req,
  })
  const rendition = docs[0] as unknown as RenditionDoc | undefined
  if (!rendition || !isOver(rendition.status)) return true
  const { jobId, storyboardRevision } = rendition
  const events = await findEvents(settings, req, {
    stream: { equals: videoStream(video) },
    state: { not_equals: 'refused' },
    type: { not_equals: 'video.submitted' },
  })
  return events
    .filter((event) => isOf(event, submission, jobId))
    .some(
      (event) =>
        event.createdAt > writtenAt(rendition) ||
        event.state === 'queued' ||
        revisionTold(event, jobId) > (storyboardRevision ?? 0),
    )
}
