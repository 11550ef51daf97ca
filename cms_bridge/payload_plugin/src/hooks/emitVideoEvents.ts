/** Sends what an editor decided about a video, once for each step taken. */
import type { CollectionAfterChangeHook, PayloadRequest } from 'payload'

import type { Brief, CmsEvent, VideoRef } from '../generated/events.ts'
import { castOf } from '../library.ts'
import { writeEvent } from '../outbox/write.ts'
import type { Settings } from '../settings.ts'
import { toLook, toMood, toPalette, toSpeakers } from '../storyboard.ts'
import { isLanguageTag } from '../text.ts'
import { idOf, type ProjectDoc, serviceIdOf, type VideoDoc } from '../documents.ts'

/**
 * Compare what was saved with what was there before, and write an event for each step.
 *
 * `data` and `previousDoc` are compared and not `doc`, which holds only what the
 * caller of the API selected.
 */
export function emitVideoEvents(settings: Settings): CollectionAfterChangeHook {
  return async ({ data, doc, previousDoc, req }) => {
    const after = data as Partial<VideoDoc>
    const before = (previousDoc ?? {}) as Partial<VideoDoc>
    const isSubmission = (after.submission ?? 0) > (before.submission ?? 0)
    const isRetry = (after.retries ?? 0) > (before.retries ?? 0)
    const isCancellation = after.stage === 'cancelled' && before.stage !== 'cancelled'
    if (!isSubmission && !isRetry && !isCancellation) return

    const { id } = doc as VideoDoc
    const video = (await req.payload.findByID({
      collection: settings.slugs.videos,
      id,
      depth: 0,
      draft: true,
      // Words of another language are not spoken in place of missing ones.
      fallbackLocale: false,
      overrideAccess: true,
      req,
      trash: true,
    })) as unknown as VideoDoc
    if (isSubmission) await writeSubmitted(settings, video, req)
    if (isRetry) await writeVideoRef(settings, 'video.retried', video, req)
    if (isCancellation) await writeVideoRef(settings, 'video.cancelled', video, req)
  }
}

async function writeSubmitted(
  settings: Settings,
  video: VideoDoc,
  req: PayloadRequest,
): Promise<void> {
  const project = (await req.payload.findByID({
    collection: settings.slugs.projects,
    id: idOf(video.project),
    depth: 0,
    overrideAccess: true,
    req,
  })) as unknown as ProjectDoc
  const brief: Brief = {
    title: video.title,
    brief: video.brief ?? '',
    script: video.script ?? '',
    style: video.style ?? '',
    look: toLook(project.look),
    cast: await castOf(settings, req, project.cast),
    voice: video.voice || project.voice || '',
    speakers: toSpeakers(video.speakers?.length ? video.speakers : project.speakers),
    speed: video.speed ?? null,
    locale: languageOf(settings, req, video),
    aspectRatio: video.aspectRatio ?? '16:9',
    palette: toPalette(project.palette),
    music: toMood(video.musicMood),
  }
  const submission = video.submission ?? 1
  const event: CmsEvent = {
    type: 'video.submitted',
    timestamp: new Date().toISOString(),
    data: {
      project: { id: String(project.id), name: project.name },
      videoId: serviceIdOf(video),
      submission,
      version: video.updatedAt,
      brief,
    },
  }
  await writeEvent(settings, req, video, { event, step: String(submission) })
}

/**
 * Return the language to speak: that of the words, where Payload keeps them in several.
 *
 * The video's own `locale` still says more where it says the same, as `pt-BR` does of `pt`.
 */
function languageOf({ slugs }: Settings, req: PayloadRequest, { locale }: VideoDoc): string {
  const own = locale || 'en'
  const fields = req.payload.collections[slugs.videos]?.config.flattenedFields ?? []
  const isLocalised = fields.some(
    (field) => ['brief', 'script'].includes(field.name) && 'localized' in field && field.localized,
  )
  const { locale: chosen } = req
  if (!req.payload.config.localization || !isLocalised || !chosen || !isLanguageTag(chosen)) {
    return own
  }
  const primary = (tag: string): string => tag.toLowerCase().split(/[-_]/)[0] ?? ''
  return primary(own) === primary(chosen) ? own : chosen
}

/** Write an event that names a submission and says nothing else. */
export async function writeVideoRef(
  settings: Settings,
  type: 'video.cancelled' | 'video.retried',
  video: VideoDoc,
  req: PayloadRequest,
): Promise<void> {
  const data: VideoRef = {
    projectId: String(idOf(video.project)),
    videoId: serviceIdOf(video),
    submission: video.submission ?? 1,
  }
  const event: CmsEvent = { type, timestamp: new Date().toISOString(), data }
  // Who cancels, tries again and cancels once more has cancelled twice.
  const step = `${String(data.submission)}.${String(video.retries ?? 0)}`
  await writeEvent(settings, req, video, { event, step })
}
