/** Sends a storyboard as a person left it: edited, or approved. */
import { isDeepStrictEqual } from 'node:util'
import type { CollectionAfterChangeHook } from 'payload'

import { videoStream, writeEvent } from '../outbox/write.ts'
import type { Settings } from '../settings.ts'
import { toStoryboard } from '../storyboard.ts'
import { idOf, type StoryboardDoc } from '../documents.ts'
import { userName } from '../user.ts'

/** Write one event for a save that approves or edits; the service's own creation writes none. */
export function emitStoryboardEvents(settings: Settings): CollectionAfterChangeHook {
  return async ({ data, doc, operation, previousDoc, req }) => {
    if (operation === 'create') return
    const after = data as Partial<StoryboardDoc>
    const before = previousDoc as StoryboardDoc
    if ((after.revision ?? 0) <= (before.revision ?? 0)) return

    const { id } = doc as StoryboardDoc
    const storyboard = (await req.payload.findByID({
      collection: settings.slugs.storyboards,
      id,
      depth: 0,
      draft: true,
      req,
    })) as unknown as StoryboardDoc
    // A save that moved the revision either approves or takes an approval back.
    const isApproval = storyboard.decision === 'approved'
    const content = toStoryboard(storyboard)
    const isEdit = !isDeepStrictEqual(content, toStoryboard(before))
    await writeEvent(settings, req, videoStream(idOf(storyboard.video)), {
      type: isApproval ? 'storyboard.approved' : 'storyboard.edited',
      timestamp: new Date().toISOString(),
      data: {
        jobId: storyboard.jobId,
        storyboardId: String(storyboard.id),
        revision: storyboard.revision ?? 1,
        by: userName(req.user),
        ...(isApproval && storyboard.approvedCost && { estimatedCost: storyboard.approvedCost }),
        // Told from an approval of what somebody saw before others changed it.
        ...(isApproval && isEdit && { edited: isEdit }),
        storyboard: content,
      },
    })
  }
}
