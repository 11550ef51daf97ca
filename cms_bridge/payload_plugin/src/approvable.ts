/** What keeps a storyboard from being approved, said in words. */
import type { PayloadRequest } from 'payload'

import { digestOf, nameNumbers, unapprovedScenes } from './approvals.ts'
import {
  idOf,
  type ProjectDoc,
  type SceneApprovals,
  type StoryboardDoc,
  type VideoDoc,
} from './documents.ts'
import type { Storyboard } from './generated/events.ts'
import { Refusal } from './refusal.ts'
import type { Settings } from './settings.ts'
import { toStoryboard } from './storyboard.ts'
import { translate } from './translations/index.ts'

/** The service does nothing for a video in the trash, and nobody would watch it. */
export async function refuseInTrash(
  settings: Settings,
  req: PayloadRequest,
  storyboard: StoryboardDoc,
): Promise<void> {
  const video = await findVideo(settings, req, storyboard)
  if (!video.deletedAt) return
  throw new Refusal(translate(req.i18n.language, 'invalid.inTrash'))
}

async function findVideo(
  { slugs }: Settings,
  req: PayloadRequest,
  { video }: StoryboardDoc,
): Promise<VideoDoc> {
  return (await req.payload.findByID({
    collection: slugs.videos,
    id: idOf(video),
    depth: 0,
    overrideAccess: true,
    req,
    trash: true,
  })) as unknown as VideoDoc
}

/** Tell whether a storyboard's project has each scene approved before the whole. */
export async function isSceneByScene(
  settings: Settings,
  req: PayloadRequest,
  storyboard: StoryboardDoc,
): Promise<boolean> {
  const project = storyboard.project ?? (await findVideo(settings, req, storyboard)).project
  const doc = (await req.payload.findByID({
    collection: settings.slugs.projects,
    id: idOf(project),
    depth: 0,
    disableErrors: true,
    joins: false,
    overrideAccess: true,
    req,
  })) as null | ProjectDoc
  return doc?.approveScenes === true
}

/** Say in words which scenes somebody has to approve first. */
export function refuseUnapproved(
  req: PayloadRequest,
  approvals: SceneApprovals,
  storyboard: Storyboard,
): void {
  const numbers = unapprovedScenes(approvals, storyboard)
  if (numbers.length === 0) return
  const { language } = req.i18n
  const scenes = nameNumbers(numbers, language, (more) => translate(language, 'andMore', { more }))
  const message = translate(language, 'invalid.unapproved', { count: numbers.length, scenes })
  throw new Refusal(message)
}

/** Approve, of whatever is saved meanwhile in a request, this storyboard and no other. */
export async function whileApproving<T>(
  req: PayloadRequest,
  storyboard: Storyboard,
  save: () => Promise<T>,
): Promise<T> {
  req.context.reelwrightApproving = digestOf(storyboard)
  try {
    return await save()
  } finally {
    delete req.context.reelwrightApproving
  }
}

/** Refuse an approval of what was read before others changed it, where it is said what was read. */
export function refuseUnread(
  req: PayloadRequest,
  before: StoryboardDoc,
  after: StoryboardDoc,
): void {
  const isOfThis = isOfNewest(after, before)
  const read = req.context.reelwrightApproving
  const isRead =
    read === undefined || [before, after].every((one) => digestOf(toStoryboard(one)) === read)
  if (isOfThis && isRead) return
  throw new Refusal(translate(req.i18n.language, 'error.scene_changed'))
}

/** Refuse a save that says nothing of what was read, where that is asked of it. */
export function refuseUnsaid(
  req: PayloadRequest,
  revisionSeen: StoryboardDoc['revisionSeen'],
): void {
  if (typeof revisionSeen === 'number') return
  throw new Refusal(translate(req.i18n.language, 'error.scene_changed'))
}

/** Refuse an edit in a form that was opened before others changed the storyboard: it holds it all. */
export function refuseStale(
  req: PayloadRequest,
  before: StoryboardDoc,
  after: Pick<StoryboardDoc, 'revisionSeen'>,
): void {
  if (isOfNewest(after, before)) return
  throw new Refusal(translate(req.i18n.language, 'invalid.changedSince'))
}

/** Tell whether a save is of the storyboard as it is; one that says nothing of it is taken to be. */
function isOfNewest(
  { revisionSeen }: Pick<StoryboardDoc, 'revisionSeen'>,
  { revision }: StoryboardDoc,
): boolean {
  return typeof revisionSeen !== 'number' || revisionSeen === (revision ?? 0)
}
