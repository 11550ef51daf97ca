/** Decides what a storyboard begins with that the service has drafted. */
import { isDeepStrictEqual } from 'node:util'
import type { PayloadRequest, Where } from 'payload'

import {
  idOf,
  type RenditionDoc,
  type SceneRow,
  type StoryboardDoc,
  type VideoDoc,
} from '../documents.ts'
import { filmOf } from '../films.ts'
import { namesIn, refuseUnreadable, withLibrary } from '../library.ts'
import { findEvents, revisionTold, submittedScript } from '../outbox/told.ts'
import { carryLocked } from '../scenes.ts'
import type { Settings } from '../settings.ts'
import { nameScenes, toStoryboard } from '../storyboard.ts'

/**
 * Return a new storyboard with the scenes that are locked in the one before it.
 *
 * Where that makes another of what was drafted, it is an edit, which the service is told of. One
 * that was deleted and is written once more goes on with its revisions: each is told once.
 */
export async function planDraft(
  settings: Settings,
  req: PayloadRequest,
  data: StoryboardDoc,
): Promise<StoryboardDoc> {
  const drafted = nameScenes(data.scenes ?? [])
  const isAwaited = await isNewest(settings, req, data)
  const earlier = isAwaited ? await findEarlier(settings, req, data) : []
  const isCarried = earlier.some(({ locked }) => locked)
  const scenes = isCarried
    ? nameScenes(carryLocked(earlier, drafted, settings.limits.maxScenes))
    : drafted
  const created = await withLibrary<StoryboardDoc>(settings, req, { ...data, scenes })
  await refuseUnreadable(settings, req, { scenes: earlier }, created)
  const isEdit =
    isCarried &&
    !isDeepStrictEqual(toStoryboard(created), toStoryboard({ ...data, scenes: drafted }))
  req.context.reelwrightCarried = isEdit
  const { submission, video } = data
  const script = await submittedScript(settings, req, { submission, video: idOf(video) })
  const revision = (await findRevision(settings, req, data)) + (isEdit ? 1 : 0)
  return {
    ...created,
    draftedScript: script,
    script,
    files: namesIn(toStoryboard(created)),
    decision: 'pending',
    revision,
    sceneApprovals: null,
  }
}

/** Tell whether the storyboard that a request creates is already another than was drafted. */
export function isCarriedOver(req: PayloadRequest): boolean {
  return req.context.reelwrightCarried === true
}

/** Tell whether somebody still waits for this storyboard: the service takes no edit of any other. */
async function isNewest(
  { slugs }: Settings,
  req: PayloadRequest,
  { film, submission, video }: StoryboardDoc,
): Promise<boolean> {
  const whole = (await req.payload.findByID({
    collection: slugs.videos,
    id: idOf(video),
    depth: 0,
    disableErrors: true,
    joins: false,
    overrideAccess: true,
    req,
    showHiddenFields: true,
    trash: true,
  })) as null | VideoDoc
  if (!whole || whole.deletedAt) return false
  const { stage, submission: newest } = filmOf(whole, film ?? '')
  return stage === 'submitted' && newest === submission
}

/** Return the scenes of the same film's submission before this one; none where there is none. */
async function findEarlier(
  { slugs }: Settings,
  req: PayloadRequest,
  { film, submission, video }: StoryboardDoc,
): Promise<SceneRow[]> {
  const where: Where = { video: { equals: idOf(video) }, submission: { less_than: submission } }
  const { docs } = await req.payload.find({
    collection: slugs.storyboards,
    where,
    sort: '-submission',
    pagination: false,
    depth: 0,
    overrideAccess: true,
    req,
    showHiddenFields: true,
  })
  const all = docs as unknown as StoryboardDoc[]
  return all.find((one) => (one.film ?? '') === (film ?? ''))?.scenes ?? []
}

/** Return the newest revision that the service was told of, or has written back. */
async function findRevision(
  settings: Settings,
  req: PayloadRequest,
  { jobId, video }: StoryboardDoc,
): Promise<number> {
  const { docs } = await req.payload.find({
    collection: settings.slugs.renditions,
    where: { jobId: { equals: jobId } },
    limit: 1,
    depth: 0,
    overrideAccess: true,
    req,
  })
  const heard = (docs[0] as unknown as RenditionDoc | undefined)?.storyboardRevision ?? 0
  const events = await findEvents(settings, req, { video: { equals: idOf(video) } })
  return Math.max(heard, ...events.map((event) => revisionTold(event, jobId)))
}
