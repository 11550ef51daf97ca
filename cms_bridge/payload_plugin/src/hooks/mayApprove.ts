/** Refuses an approval by one who may not give it. */
import type { FieldHook } from 'payload'

import type { StoryboardDoc } from '../documents.ts'
import { forbidden } from '../refusal.ts'
import type { Settings } from '../settings.ts'
import { decidesAnew } from './planDecision.ts'
import { speaksForEditor } from './speaksForEditor.ts'

/**
 * Ask for the right unless the caller says that access is overridden, as Payload does for all else.
 *
 * A field's hook, for those of a collection are not told; not a field's access, which drops what
 * is denied and answers as if all were well.
 */
export function mayApprove({ access }: Settings): FieldHook<StoryboardDoc> {
  return async ({ data, operation, originalDoc, overrideAccess, req }) => {
    if (overrideAccess || operation !== 'update' || !originalDoc || !speaksForEditor(req)) return
    const isApproval = decidesAnew({ ...originalDoc, ...data }, originalDoc)
    if (isApproval && !(await access.approve({ req }))) throw forbidden(req)
  }
}
