/**
 * Tells a save that somebody meant from one that only keeps or brings back text.
 *
 * An autosave comes by itself. Restoring a version posts the stage and the
 * decision of that day, which would submit or approve what nobody asked for.
 */
import type { PayloadRequest } from 'payload'

export function speaksForEditor(req: PayloadRequest): boolean {
  const autosave = String(req.query.autosave) === 'true'
  return !autosave && req.context.isRestoringVersion !== true
}
