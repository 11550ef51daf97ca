/** What differs between two revisions, read from the bridge's answers. */
import { isRecord } from '../json.ts'
import { type Change, type ChangedPart, changedParts, changeKinds } from './contract.ts'

/** Return the changes that can be told; what a later bridge knows besides is left out. */
export function toChanges(value: unknown): Change[] {
  if (!Array.isArray(value)) return []
  return value.filter(isRecord).flatMap(({ change, number, parts }): Change[] => {
    const kind = changeKinds.find((known) => known === change)
    if (!kind) return []
    const told: unknown[] = Array.isArray(parts) ? parts : []
    return [
      {
        number: typeof number === 'number' ? number : null,
        change: kind,
        parts: changedParts.filter((part: ChangedPart) => told.includes(part)),
      },
    ]
  })
}
