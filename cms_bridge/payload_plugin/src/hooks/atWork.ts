/** Tells whether there is work on a video that can be stopped. */
import type { PayloadRequest } from 'payload'

import { isOver, type RenditionDoc, type VideoDoc } from '../documents.ts'
import { videoStream } from '../outbox/write.ts'
import type { Settings } from '../settings.ts'

/** Not of one that is finished, has failed or was stopped, unless the service was told more since. */
export async function isAtWork(
  { slugs }: Settings,
  req: PayloadRequest,
  video: VideoDoc,
): Promise<boolean> {
  const { id, stage, submission } = video
  if (!submission || stage === 'cancelled') return false
  const { docs } = await req.payload.find({
    collection: slugs.renditions,
    where: { video: { equals: id }, submission: { equals: submission } },
    limit: 1,
    depth: 0,
    overrideAccess: true,
    req,
  })
  const rendition = docs[0] as unknown as RenditionDoc | undefined
  if (!rendition || !isOver(rendition.status)) return true
  const { totalDocs } = await req.payload.count({
    collection: slugs.outbox,
    where: {
      stream: { equals: videoStream(video) },
      state: { not_equals: 'refused' },
      createdAt: { greater_than: rendition.updatedAt },
    },
    overrideAccess: true,
    req,
  })
  return totalDocs > 0
}
