/** Sends a storyboard as a person left it: edited, approved, or with a file that was replaced. */
import { isDeepStrictEqual } from 'node:util'
import type { CollectionAfterChangeHook, PayloadRequest } from 'payload'

import type { CmsEvent, StoryboardChange } from '../generated/events.ts'
import { findKnown } from '../known.ts'
import { writeEvent } from '../outbox/write.ts'
import type { Settings } from '../settings.ts'
import { toStoryboard } from '../storyboard.ts'
import { type FilmState, idOf, type StoryboardDoc, type VideoDoc } from '../documents.ts'
import { filmOf, newestRendition, stateOf, withFilm } from '../films.ts'
import { replacedIn } from '../library.ts'
import { userName } from '../user.ts'
import { isCarriedOver } from './planDraft.ts'
import { changeState } from './videoState.ts'

/** Write one event for a save that approves or edits; a draft is told of if scenes were kept in it. */
export function emitStoryboardEvents(settings: Settings): CollectionAfterChangeHook {
  return async ({ data, doc, operation, previousDoc, req }) => {
    const after = data as Partial<StoryboardDoc>
    const before = previousDoc as StoryboardDoc
    const isTold =
      operation === 'create' ? isCarriedOver(req) : (after.revision ?? 0) > (before.revision ?? 0)
    if (!isTold) return

    const { id } = doc as StoryboardDoc
    const storyboard = (await req.payload.findByID({
      collection: settings.slugs.storyboards,
      id,
      depth: 0,
      draft: true,
      overrideAccess: true,
      req,
    })) as unknown as StoryboardDoc
    const whole = (await req.payload.findByID({
      collection: settings.slugs.videos,
      id: idOf(storyboard.video),
      depth: 0,
      overrideAccess: true,
      req,
    })) as unknown as VideoDoc
    // A save that moved the revision either approves or takes an approval back.
    const isApproval = storyboard.decision === 'approved'
    if (isApproval || (await isFilmed(settings, req, storyboard))) {
      await reopenCancelled(settings, req, storyboard, whole)
    }
    const video = filmOf(whole, storyboard.film ?? '')
    const content = toStoryboard(storyboard)
    const isEdit = operation === 'create' || !isDeepStrictEqual(content, toStoryboard(before))
    // An edit that was refused while a film was being made comes with the approval of it.
    const isNew = isEdit || (isApproval && (await findKnown(settings, req, before, video)) === 'no')
    const revision = storyboard.revision ?? 1
    const timestamp = new Date().toISOString()
    const change: StoryboardChange = {
      jobId: storyboard.jobId,
      storyboardId: String(storyboard.id),
      revision,
      by: userName(req.user),
      ...(isApproval && storyboard.approvedCost && { estimatedCost: storyboard.approvedCost }),
      // Told from an approval of what somebody saw before others changed it.
      ...(isApproval && isNew && { edited: isNew }),
      storyboard: content,
    }
    const file = replacedIn(req, content)
    const event: CmsEvent = file
      ? { type: 'asset.replaced', timestamp, data: { ...change, file } }
      : { type: isApproval ? 'storyboard.approved' : 'storyboard.edited', timestamp, data: change }
    const step = `${storyboard.jobId}.${String(revision)}`
    await writeEvent(settings, req, video, { event, step })
  }
}

async function isFilmed(
  settings: Settings,
  req: PayloadRequest,
  { submission, video }: StoryboardDoc,
): Promise<boolean> {
  return Boolean((await newestRendition(settings, req, { id: idOf(video), submission }))?.file)
}

/**
 * Let a cancelled video be at work again, as the service does once its storyboard is approved; a
 * finished one whose changes were cancelled also once it is edited.
 *
 * The save itself leads away from the cancellation, and the next one is another.
 * Past the hooks: nobody asks for the same work once more.
 */
async function reopenCancelled(
  settings: Settings,
  req: PayloadRequest,
  { film, submission }: StoryboardDoc,
  video: VideoDoc,
): Promise<void> {
  const { id } = video
  const state = stateOf(filmOf(video, film ?? '') as Partial<FilmState>)
  const reopened: FilmState = { ...state, stage: 'submitted', retries: state.retries + 1 }
  if (film && (state.submission !== submission || state.stage !== 'cancelled')) return
  await changeState(settings, req, {
    // The films of further locales stand in one field, which can be asked for nothing.
    where: film
      ? { id: { equals: id } }
      : {
          and: [
            { id: { equals: id } },
            { submission: { equals: submission } },
            { stage: { equals: 'cancelled' } },
          ],
        },
    state: film ? { films: withFilm(video, film, reopened).films } : reopened,
  })
}
