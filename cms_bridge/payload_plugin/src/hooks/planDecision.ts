/** Decides what a person's save means for a storyboard's revision and its approval. */
import { isDeepStrictEqual } from 'node:util'
import type { CollectionBeforeChangeHook, PayloadRequest } from 'payload'

import { standingApprovals, wholeApproval } from '../approvals.ts'
import { namesIn, refuseUnreadable, withLibrary, withReplaced } from '../library.ts'
import { findBreach, restoreLocked, settleLocks, withLocked } from '../scenes.ts'
import { Refusal } from '../refusal.ts'
import type { Settings } from '../settings.ts'
import { nameScenes, toStoryboard } from '../storyboard.ts'
import type { StoryboardDoc } from '../documents.ts'
import { translate } from '../translations/index.ts'
import { userName } from '../user.ts'
import {
  isSceneByScene,
  refuseInTrash,
  refuseStale,
  refuseUnapproved,
  refuseUnread,
  refuseUnsaid,
} from '../approvable.ts'
import { holdNewest } from '../newest.ts'
import { planDraft } from './planDraft.ts'
import { speaksForEditor } from './speaksForEditor.ts'

export function planDecision(settings: Settings): CollectionBeforeChangeHook {
  const { slugs } = settings
  return async ({ data, operation, originalDoc, req }) => {
    if (operation === 'create') return planDraft(settings, req, data as StoryboardDoc)

    const seen = originalDoc as StoryboardDoc
    const before = await holdNewest<StoryboardDoc>(req, slugs.storyboards, seen.id)
    const { revisionSeen, ...saved } = data as Partial<StoryboardDoc>
    const draft: StoryboardDoc = { ...before, ...saved }
    const rows = draft.scenes ?? []
    const isRestored = req.context.isRestoringVersion === true
    const settle = isRestored ? restoreLocked : settleLocks
    const kept = settle(before.scenes ?? [], rows)
    const named = { ...draft, scenes: nameScenes(kept) }
    refuseLocked(req, before, named)
    const brought = await withLibrary<StoryboardDoc>(settings, req, named, before)
    const held = { ...brought, scenes: withLocked(before.scenes ?? [], brought.scenes ?? []) }
    // A file that was replaced is gone, from locked scenes too.
    const after = await withReplaced(settings, req, held)
    await refuseUnreadable(settings, req, before, after)
    const { cast, logo, music, scenes } = after
    const storyboard = toStoryboard(after)
    const isEdit = !isDeepStrictEqual(storyboard, toStoryboard(before))
    // A save that says what it has read decides nothing; nor does a second one that says the same.
    const isApproval =
      speaksForEditor(req) && decidesAnew(after, seen) && decidesAnew(after, before)
    if (isEdit || isApproval) await refuseInTrash(settings, req, before)

    const staysApproved = before.decision === 'approved' && !isEdit
    const standing = standingApprovals(before.sceneApprovals, storyboard)
    // Of no form: only who takes a script over says it, into the scenes that were looked at.
    const isTakeover = !isRestored && after.script !== seen.script && after.script !== before.script
    if (isApproval || isTakeover) refuseUnread(req, before, { ...after, revisionSeen })
    // The scenes that it is written into are those that were looked at, and no others.
    if (isTakeover) refuseUnsaid(req, revisionSeen)
    // A version that is restored is an older one on purpose.
    if (isEdit && !isRestored) refuseStale(req, before, { revisionSeen })
    // What is approved already may be approved at another price, whatever the project says by now.
    if (isApproval && !staysApproved && (await isSceneByScene(settings, req, before))) {
      refuseUnapproved(req, standing, storyboard)
    }
    const word = { by: userName(req.user), at: new Date().toISOString() }
    return {
      ...serviceFieldsOf(before),
      ...saved,
      scenes,
      script: isRestored || isTakeover ? (after.script ?? null) : (before.script ?? null),
      files: namesIn(storyboard),
      ...(music !== undefined && { music }),
      ...(logo !== undefined && { logo }),
      ...(cast !== undefined && { cast }),
      revision: (before.revision ?? 0) + (isEdit || isApproval ? 1 : 0),
      decision: isApproval || staysApproved ? 'approved' : 'pending',
      ...(isApproval && {
        approvedBy: word.by,
        approvedAt: word.at,
        approvedCost: after.approvedCost ?? null,
      }),
      sceneApprovals: isApproval ? wholeApproval(standing, storyboard, word) : standing,
      ...(!isApproval && staysApproved && { approvedCost: before.approvedCost ?? null }),
      ...(!isApproval &&
        !staysApproved && { approvedBy: null, approvedAt: null, approvedCost: null }),
    }
  }
}

/** Say in words what a locked scene does not let be done. */
function refuseLocked(req: PayloadRequest, before: StoryboardDoc, { scenes }: StoryboardDoc): void {
  const breach = findBreach(before, scenes ?? [])
  if (!breach) return
  const message = translate(req.i18n.language, breach.key, { number: breach.number })
  throw new Refusal(message)
}

/** Tell whether a save approves what was not approved, or was at another price: that may be refused. */
export function decidesAnew(after: StoryboardDoc, before: StoryboardDoc): boolean {
  const isRepriced = (after.approvedCost ?? '') !== (before.approvedCost ?? '')
  return after.decision === 'approved' && (before.decision !== 'approved' || isRepriced)
}

/** Return what the service wrote; restoring a version drops it, since no user may write it. */
function serviceFieldsOf(before: StoryboardDoc): Partial<StoryboardDoc> {
  const { approvedAt, approvedBy, digest, draftedScript, estimatedCost } = before
  const { film, jobId, project, submission, video } = before
  return {
    ...{ approvedAt, approvedBy, digest, draftedScript, estimatedCost },
    ...{ film, jobId, project, submission, video },
  }
}
