/** Whether the service knows of a storyboard as it was saved. */
import type { PayloadRequest, Where } from 'payload'

import {
  type OutboxDoc,
  type RenditionDoc,
  type StoryboardDoc,
  type VideoDoc,
  writtenAt,
} from './documents.ts'
import { newestRendition } from './films.ts'
import { videoStream } from './outbox/write.ts'
import type { Settings } from './settings.ts'

/** `soon`: it is being told; `no`: it refused to hear of it, such as while a film was being made. */
export type Known = 'no' | 'soon' | 'yes'

/** Tell it of a save by the newest event about the storyboard, and what was written back since. */
export function knownOf(
  { revision }: Pick<StoryboardDoc, 'revision'>,
  rendition: RenditionDoc | undefined,
  event: OutboxDoc | undefined,
): Known {
  // Nothing was written of revisions where the service is older than this plugin.
  const heard = rendition?.storyboardRevision ?? revision ?? 0
  if (!event || !rendition || heard >= (revision ?? 0)) return 'yes'
  if (event.state === 'queued') return 'soon'
  return event.state === 'delivered' && event.createdAt > writtenAt(rendition) ? 'soon' : 'no'
}

/** Tell it of the storyboard of a film. */
export async function findKnown(
  settings: Settings,
  req: PayloadRequest,
  storyboard: Pick<StoryboardDoc, 'revision' | 'submission'>,
  video: VideoDoc,
): Promise<Known> {
  const { submission } = storyboard
  const rendition = await newestRendition(settings, req, { id: video.id, submission })
  const event = await newestDecision(settings, req, videoStream(video))
  return knownOf(storyboard, rendition, event)
}

/** Return the newest event of a stream that is about the storyboard. */
export async function newestDecision(
  { slugs }: Pick<Settings, 'slugs'>,
  req: PayloadRequest,
  stream: string,
): Promise<OutboxDoc | undefined> {
  const types = ['asset.replaced', 'storyboard.approved', 'storyboard.edited']
  const where: Where = { stream: { equals: stream }, type: { in: types } }
  const { docs } = await req.payload.find({
    collection: slugs.outbox,
    where,
    sort: '-createdAt',
    limit: 1,
    depth: 0,
    overrideAccess: true,
    req,
  })
  return docs[0] as unknown as OutboxDoc | undefined
}
