/** Everything the admin's panel shows of a video, in one answer that is cheap to ask for again. */
import type { Endpoint, PayloadRequest, Where } from 'payload'

import type { Settings } from '../settings.ts'
import { videoStream } from '../outbox/write.ts'
import { findHold, permitOf } from '../publishing.ts'
import type { OutboxDoc, RenditionDoc, StoryboardDoc, VideoDoc } from '../documents.ts'
import { digestOf, filmIn, filmLocales, filmOf, type Words, wordsOf } from '../films.ts'
import { holdsWords } from '../text.ts'
import { findApprovers } from './approvers.ts'
import { type FilmLanguage, paths, type VideoStatus } from './contract.ts'
import { findNewestReadable, findReadable } from './readable.ts'
import { answer, problem } from './responses.ts'

export function statusEndpoints(settings: Settings): Endpoint[] {
  return [
    {
      method: 'get',
      path: paths.status,
      handler: async (req) => {
        const video = await findReadable<VideoDoc>(req, settings.slugs.videos)
        if (!video) return problem(404, 'Not found', 'There is no such video.')
        return answer(await statusOf(settings, req, video, req.locale ?? ''))
      },
    },
    {
      method: 'get',
      path: paths.languages,
      handler: async (req) => {
        const video = await findReadable<VideoDoc>(req, settings.slugs.videos)
        if (!video) return problem(404, 'Not found', 'There is no such video.')
        const languages: FilmLanguage[] = []
        for (const locale of filmLocales(settings, req.payload)) {
          const words = await wordsIn(settings, req, video, locale)
          languages.push({
            locale,
            hasWords: holdsWords(words.title) && [words.script, words.brief].some(holdsWords),
            status: await statusOf(settings, req, video, locale),
          })
        }
        return answer(languages)
      },
    },
  ]
}

/** Return what would be filmed now of a video in a locale: of its newest draft. */
async function wordsIn(
  settings: Settings,
  req: PayloadRequest,
  { id }: VideoDoc,
  locale: string,
): Promise<Words> {
  const video = (await req.payload.findByID({
    collection: settings.slugs.videos,
    id,
    depth: 0,
    draft: true,
    fallbackLocale: false,
    joins: false,
    ...(locale && { locale }),
    // That whoever asks may read the video is known.
    overrideAccess: true,
    trash: true,
  })) as unknown as VideoDoc
  return wordsOf(settings, req.payload, video, locale)
}

async function statusOf(
  settings: Settings,
  req: PayloadRequest,
  whole: VideoDoc,
  locale: string,
): Promise<VideoStatus> {
  const { access, slugs } = settings
  const video = filmOf(whole, filmIn(settings, req.payload, locale))
  const { said } = video
  const submission = video.submission ?? 0
  const where: Where = { video: { equals: video.id }, submission: { equals: submission } }
  const rendition = await findNewestReadable<RenditionDoc>(req, slugs.renditions, where)
  const storyboard = await findNewestReadable<StoryboardDoc>(req, slugs.storyboards, where)
  const events = await newestEvents(settings, req, video)
  const mayApprove = await access.approve({ req })
  const asksForApproval = rendition?.status === 'storyboard_complete'
  const retriedAt = events.newest?.type === 'video.retried' && events.newest.createdAt
  return {
    stage: video.stage === 'cancelled' || video.stage === 'submitted' ? video.stage : 'draft',
    submission,
    isStale: Boolean(said) && said !== digestOf(await wordsIn(settings, req, whole, locale)),
    rendition: rendition ?? null,
    storyboard: storyboard
      ? {
          id: storyboard.id,
          decision: storyboard.decision ?? 'pending',
          approvedBy: storyboard.approvedBy ?? '',
          estimatedCost: storyboard.estimatedCost ?? '0',
          scenes: storyboard.scenes?.length ?? 0,
          known: knownOf(storyboard, rendition, events.newestDecision),
        }
      : null,
    delivery: undeliveredEvent(events),
    retrying: Boolean(retriedAt && rendition && retriedAt > rendition.updatedAt),
    hold: await holdFor(settings, req, video),
    mayApprove,
    approvers: !mayApprove && asksForApproval ? await findApprovers(settings, req, video) : [],
  }
}

/** Only where videos are published at all: where the host has drafts. */
async function holdFor(
  settings: Settings,
  req: PayloadRequest,
  video: VideoDoc,
): Promise<VideoStatus['hold']> {
  const versions = req.payload.collections[settings.slugs.videos]?.config.versions
  const hold = versions?.drafts ? await findHold(settings, req, video.id) : null
  if (!hold) return null
  const mayPublish = await settings.access.publishAnyway({ req })
  return { reasons: hold.reasons, isPermitted: permitOf(video, hold) !== null, mayPublish }
}

interface Events {
  newest: OutboxDoc | undefined
  oldestQueued: OutboxDoc | undefined
  /** The newest one that is about the storyboard. */
  newestDecision: OutboxDoc | undefined
}

async function newestEvents(
  { slugs }: Settings,
  req: PayloadRequest,
  video: VideoDoc,
): Promise<Events> {
  const find = async (where: Where, sort: string): Promise<OutboxDoc | undefined> => {
    const { docs } = await req.payload.find({
      collection: slugs.outbox,
      where: { stream: { equals: videoStream(video) }, ...where },
      sort,
      limit: 1,
      depth: 0,
      overrideAccess: true,
    })
    return docs[0] as unknown as OutboxDoc | undefined
  }
  return {
    newest: await find({}, '-createdAt'),
    oldestQueued: await find({ state: { equals: 'queued' } }, 'createdAt'),
    newestDecision: await find(
      { type: { in: ['asset.replaced', 'storyboard.approved', 'storyboard.edited'] } },
      '-createdAt',
    ),
  }
}

/** Whether the service knows of the newest save, by what it wrote back since. */
function knownOf(
  { revision }: StoryboardDoc,
  rendition: RenditionDoc | undefined,
  event: OutboxDoc | undefined,
): NonNullable<VideoStatus['storyboard']>['known'] {
  // Nothing was written of revisions where the service is older than this plugin.
  const heard = rendition?.storyboardRevision ?? revision ?? 0
  if (!event || !rendition || heard >= (revision ?? 0)) return 'yes'
  if (event.state === 'queued') return 'soon'
  return event.state === 'delivered' && event.createdAt > rendition.updatedAt ? 'soon' : 'no'
}

/** The oldest event that waits, or else the newest one if it was refused. */
function undeliveredEvent({ newest, oldestQueued }: Events): VideoStatus['delivery'] {
  const row = oldestQueued ?? newest
  if (!row || row.state === 'delivered') return null
  const { attempts, state, type } = row
  const problem = row.problem ?? { code: '', message: row.lastError ?? '' }
  return { attempts, state, type, problem }
}
