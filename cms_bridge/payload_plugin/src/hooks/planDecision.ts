/** Decides what a person's save means for a storyboard's revision and its approval. */
import { isDeepStrictEqual } from 'node:util'
import { type CollectionBeforeChangeHook, Forbidden } from 'payload'

import type { Settings } from '../settings.ts'
import { nameScenes, toStoryboard } from '../storyboard.ts'
import type { StoryboardDoc } from '../documents.ts'
import { speaksForEditor } from './speaksForEditor.ts'

export function planDecision({ access }: Settings): CollectionBeforeChangeHook {
  return async ({ data, operation, originalDoc, req }) => {
    const scenes = nameScenes((data as Partial<StoryboardDoc>).scenes ?? [])
    if (operation === 'create') return { ...data, scenes, decision: 'pending', revision: 0 }

    const before = originalDoc as StoryboardDoc
    const wanted: StoryboardDoc = { ...before, ...(data as Partial<StoryboardDoc>) }
    const after: StoryboardDoc = { ...wanted, scenes: nameScenes(wanted.scenes ?? []) }
    const edited = !isDeepStrictEqual(toStoryboard(after), toStoryboard(before))
    // Approved at another price is approved anew: the first approval may have been refused.
    const repriced = (after.approvedCost ?? '') !== (before.approvedCost ?? '')
    const anew = before.decision !== 'approved' || repriced
    const approved = anew && after.decision === 'approved' && speaksForEditor(req)
    if (approved && req.payloadAPI !== 'local' && !(await access.approve({ req }))) {
      throw new Forbidden(req.t)
    }

    const stays = before.decision === 'approved' && !edited
    return {
      ...ownedBy(before),
      ...data,
      scenes: after.scenes,
      revision: (before.revision ?? 0) + (edited || approved ? 1 : 0),
      decision: approved || stays ? 'approved' : 'pending',
      ...(approved && {
        approvedBy: userName(req.user),
        approvedAt: new Date().toISOString(),
        approvedCost: after.approvedCost ?? null,
      }),
      ...(!approved && stays && { approvedCost: before.approvedCost ?? null }),
      ...(!approved && !stays && { approvedBy: null, approvedAt: null, approvedCost: null }),
    }
  }
}

/** Return what the service wrote; restoring a version drops it, since no user may write it. */
function ownedBy(before: StoryboardDoc): Partial<StoryboardDoc> {
  const { approvedAt, approvedBy, digest, estimatedCost, jobId, project, submission, video } =
    before
  return { approvedAt, approvedBy, digest, estimatedCost, jobId, project, submission, video }
}

/** Return who acts: the e-mail address, or what the host's user collection has instead. */
export function userName(user: null | { email?: unknown; username?: unknown } | undefined): string {
  const name = user?.email ?? user?.username
  return typeof name === 'string' ? name.slice(0, 200) : ''
}
