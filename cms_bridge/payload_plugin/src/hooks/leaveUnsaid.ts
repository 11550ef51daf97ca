/**
 * Leaves it unsaid what was read, where a save does not say it.
 *
 * Payload fills in whatever a save leaves out: it would say what stands there now, which nobody
 * read, and four who save at once would be told that they had read something older.
 */
import type { FieldHook } from 'payload'

import type { StoryboardDoc } from '../documents.ts'

export const leaveUnsaid: FieldHook<StoryboardDoc> = ({ operation, siblingData }) =>
  operation === 'update' && siblingData.revisionSeen === undefined ? null : undefined
