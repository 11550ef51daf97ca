/** Everything the admin's panel shows of a video, in one answer that is cheap to ask for again. */
import type { Endpoint, PayloadRequest, Where } from 'payload'

import type { Settings } from '../settings.ts'
import { videoStream } from '../outbox/write.ts'
import { findHold, permitOf } from '../publishing.ts'
import {
  type OutboxDoc,
  type RenditionDoc,
  type StoryboardDoc,
  type VideoDoc,
  writtenAt,
} from '../documents.ts'
import { digestOf, filmIn, filmLocales, filmOf, type Words, wordsIn } from '../films.ts'
import { isSceneByScene } from '../approvable.ts'
import { knownOf, newestDecision } from '../known.ts'
import { toStoryboard } from '../storyboard.ts'
import { holdsWords } from '../text.ts'
import { unapprovedScenes } from '../approvals.ts'
import { findApprovers, mayApproveOf } from './approvers.ts'
import { type FilmLanguage, paths, type VideoStatus } from './contract.ts'
import { findNewestReadable, findReadable } from './readable.ts'
import { answer, problem } from './responses.ts'

/** Submissions that are looked through for a film that can still be watched. */
const mostEarlier = 20

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
          const words = await wordsIn(settings, req.payload, video, locale)
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

async function statusOf(
  settings: Settings,
  req: PayloadRequest,
  whole: VideoDoc,
  locale: string,
): Promise<VideoStatus> {
  const { access, slugs } = settings
  const film = filmIn(settings, req.payload, locale)
  const video = filmOf(whole, film)
  const { said } = video
  const submission = video.submission ?? 0
  const where: Where = { video: { equals: video.id }, submission: { equals: submission } }
  const rendition = await findNewestReadable<RenditionDoc>(req, slugs.renditions, where, {
    // As long as a book, and asked for every second.
    transcript: false,
  })
  const storyboard = await findNewestReadable<StoryboardDoc>(req, slugs.storyboards, where)
  // Of what was never submitted nothing is behind.
  const words = said ? await wordsIn(settings, req.payload, whole, locale) : null
  const events = await newestEvents(settings, req, video)
  const mayApprove = await mayApproveOf(settings, req, video, storyboard)
  const retriedAt = events.newest?.type === 'video.retried' && events.newest.createdAt
  const before =
    submission > 1 && !rendition?.file ? await filmBefore(settings, req, video, film) : undefined
  const status: VideoStatus = {
    stage: video.stage === 'cancelled' || video.stage === 'submitted' ? video.stage : 'draft',
    submission,
    isStale: words !== null && said !== digestOf(asDrafted(words, storyboard)),
    rendition: rendition ?? null,
    before: before ?? null,
    storyboard: storyboard
      ? {
          id: storyboard.id,
          decision: storyboard.decision ?? 'pending',
          approvedBy: storyboard.approvedBy ?? '',
          approvedAt: storyboard.approvedAt ?? null,
          estimatedCost: storyboard.estimatedCost ?? '0',
          ...countScenes(storyboard),
          revision: storyboard.revision ?? 0,
          isBehind: words !== null && isBehind(storyboard, words),
          byScene: await isSceneByScene(settings, req, storyboard),
          known: knownOf(storyboard, rendition, events.newestDecision),
        }
      : null,
    delivery: undeliveredEvent(events),
    retrying: Boolean(retriedAt && rendition && retriedAt > writtenAt(rendition)),
    hold: await holdFor(settings, req, video),
    mayApprove,
    mayResolve: await access.approve({ req }),
    approvers: [],
  }
  if (mayApprove || !asksForApproval(status)) return status
  return { ...status, approvers: await findApprovers(settings, req, video, storyboard) }
}

/** Return the newest film of an earlier submission: it is watched until another stands. */
async function filmBefore(
  { slugs }: Settings,
  req: PayloadRequest,
  { id, submission }: Pick<VideoDoc, 'id' | 'submission'>,
  film: string,
): Promise<RenditionDoc | undefined> {
  const { docs } = await req.payload.find({
    collection: slugs.renditions,
    where: { video: { equals: id }, submission: { less_than: submission } },
    sort: '-createdAt',
    limit: mostEarlier,
    depth: 0,
    overrideAccess: false,
    trash: true,
    req,
    select: { transcript: false },
  })
  const earlier = docs as unknown as RenditionDoc[]
  return earlier.find((rendition) => (rendition.film ?? '') === film && rendition.file)
}

/** Whether it waits for somebody to say what may be spent: at first, on changes, or on more. */
function asksForApproval({ rendition, storyboard }: VideoStatus): boolean {
  const { error, status } = rendition ?? {}
  if (status === 'storyboard_complete' || error?.code === 'approved_cost_reached') return true
  return storyboard?.decision === 'pending' && storyboard.known === 'no'
}

/** Return words as they were submitted, where their script has been taken over since. */
function asDrafted(words: Words, storyboard: StoryboardDoc | undefined): Words {
  const { draftedScript, script } = storyboard ?? {}
  return typeof draftedScript === 'string' && script === words.script
    ? { ...words, script: draftedScript }
    : words
}

/** Tell whether scenes say another script than the video has by now. */
export function isBehind({ script }: StoryboardDoc, words: Pick<Words, 'script'>): boolean {
  return holdsWords(script) && holdsWords(words.script) && script !== words.script
}

function countScenes(doc: StoryboardDoc): { approvedScenes: number; scenes: number } {
  const storyboard = toStoryboard(doc)
  const scenes = storyboard.scenes.length
  const left = unapprovedScenes(doc.sceneApprovals, storyboard).length
  return { scenes, approvedScenes: doc.decision === 'approved' ? scenes : scenes - left }
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
  settings: Settings,
  req: PayloadRequest,
  video: VideoDoc,
): Promise<Events> {
  const { slugs } = settings
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
    newestDecision: await newestDecision(settings, req, videoStream(video)),
  }
}

/** The oldest event that waits, or else the newest one if it was refused. */
function undeliveredEvent({ newest, oldestQueued }: Events): VideoStatus['delivery'] {
  const row = oldestQueued ?? newest
  if (!row || row.state === 'delivered') return null
  const { attempts, state, type } = row
  const problem = row.problem ?? { code: '', message: row.lastError ?? '' }
  return { attempts, state, type, problem }
}
