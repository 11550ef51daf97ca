/**
 * Leaves it unsaid what was read, where a script is taken over by a save that does not say it.
 *
 * Payload fills in whatever a save leaves out: it would say what stands there now, which nobody read.
 */
import type { FieldHook } from 'payload'

import type { StoryboardDoc } from '../documents.ts'

export const leaveUnsaid: FieldHook<StoryboardDoc> = ({
  data,
  operation,
  originalDoc,
  siblingData,
}) => {
  if (operation !== 'update' || siblingData.revisionSeen !== undefined) return
  const isTakeover = data?.script !== undefined && data.script !== originalDoc?.script
  return isTakeover ? null : undefined
}
