/** Sends what an editor decided about a video, once for each step taken. */
import type { CollectionAfterChangeHook, PayloadRequest } from 'payload'

import type { Brief, CmsEvent, VideoRef } from '../generated/events.ts'
import { castOf, logoOf } from '../library.ts'
import { videoStream, writeEvent } from '../outbox/write.ts'
import type { Settings } from '../settings.ts'
import { toLook, toPalette, toSpeakers } from '../storyboard.ts'
import { filmOf, filmsOf, leadOf, wordsOf } from '../films.ts'
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
    const steps = filmsOf(after)
      .map((film) => stepsBetween(filmOf(before, film), filmOf(after, film), film))
      .filter(({ isCancellation, isRetry, isSubmission }) =>
        [isCancellation, isRetry, isSubmission].includes(true),
      )
    if (steps.length === 0) return

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
    for (const { film, isCancellation, isRetry, isSubmission } of steps) {
      const one = filmOf(video, film)
      if (isSubmission) {
        const lead = leadOf({ ...video, ...before }, film)
        const follows = lead === undefined ? '' : serviceIdOf(filmOf(video, lead))
        await writeSubmitted(settings, { follows, owner: video, video: one }, req)
      }
      if (isRetry) await writeVideoRef(settings, 'video.retried', one, req)
      if (isCancellation) await writeVideoRef(settings, 'video.cancelled', one, req)
    }
  }
}

function stepsBetween(before: Partial<VideoDoc>, after: Partial<VideoDoc>, film: string) {
  return {
    film,
    isCancellation: after.stage === 'cancelled' && before.stage !== 'cancelled',
    isRetry: (after.retries ?? 0) > (before.retries ?? 0),
    isSubmission: (after.submission ?? 0) > (before.submission ?? 0),
  }
}

/**
 * Submissions are counted over all films of a video. Where saves of two of them come at once, and
 * are in no transaction, they count alike: whoever tells of it second takes the number after it.
 */
async function writeSubmitted(
  settings: Settings,
  { follows, owner, video }: { follows: string; owner: VideoDoc; video: VideoDoc },
  req: PayloadRequest,
): Promise<void> {
  const project = await projectOf(settings, video, req)
  const words = wordsOf(settings, req.payload, video, req.locale ?? '')
  const brief: Brief = {
    ...words,
    voice: words.voice || project.voice || '',
    speakers: words.speakers.length > 0 ? words.speakers : toSpeakers(project.speakers),
    look: toLook(project.look),
    cast: await castOf(settings, req, project.cast),
    logo: await logoOf(settings, req, project.logo),
    disclosure: words.disclosure ?? project.disclosure === true,
    palette: toPalette(project.palette),
    follows,
  }
  const tell = (submission: number): Promise<string> => {
    const event: CmsEvent = {
      type: 'video.submitted',
      timestamp: new Date().toISOString(),
      data: {
        project: { id: serviceIdOf(project), name: project.name },
        videoId: serviceIdOf(video),
        submission,
        version: video.updatedAt,
        brief,
      },
    }
    return writeEvent(settings, req, video, { event, owner, step: String(submission) })
  }
  let submission = video.submission ?? 1
  while ((await tell(submission)) !== videoStream(video)) submission += 1
}

/** Write an event that names a submission and says nothing else. */
export async function writeVideoRef(
  settings: Settings,
  type: 'video.cancelled' | 'video.retried',
  video: VideoDoc,
  req: PayloadRequest,
): Promise<void> {
  const data: VideoRef = {
    projectId: serviceIdOf(await projectOf(settings, video, req)),
    videoId: serviceIdOf(video),
    submission: video.submission ?? 1,
  }
  const event: CmsEvent = { type, timestamp: new Date().toISOString(), data }
  // Who cancels, tries again and cancels once more has cancelled twice.
  const step = `${String(data.submission)}.${String(video.retries ?? 0)}`
  await writeEvent(settings, req, video, { event, step })
}

async function projectOf(
  { slugs }: Settings,
  { project }: VideoDoc,
  req: PayloadRequest,
): Promise<ProjectDoc> {
  const found = await req.payload.findByID({
    collection: slugs.projects,
    id: idOf(project),
    depth: 0,
    overrideAccess: true,
    req,
    // A host may keep deleted projects as well.
    trash: true,
  })
  return found as unknown as ProjectDoc
}
