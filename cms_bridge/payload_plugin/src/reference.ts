/** Relationships, which hold an id or the document itself, depending on the depth asked for. */
import type { Id, Reference } from './documents.ts'

export function idOf<T extends { id: Id }>(reference: Reference<T>): Id {
  return typeof reference === 'object' ? reference.id : reference
}
