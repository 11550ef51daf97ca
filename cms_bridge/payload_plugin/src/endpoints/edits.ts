/** A storyboard as it stands in an editor's form, sent to be looked at before it is saved. */
import type { PayloadRequest } from 'payload'

import { readJson } from '../body.ts'
import { isRecord } from '../json.ts'
import { editedFields, type StoryboardEdit } from './contract.ts'

/** Bytes of an edited storyboard. */
export const largestEdit = 2 * 1024 * 1024

export async function readEdit(req: PayloadRequest): Promise<null | StoryboardEdit> {
  return toEdit(await readJson(req.body ?? null, largestEdit))
}

/** The fields that hold rows. */
const lists = ['scenes', 'speakers'] as const

/** Return the fields that an editor may change, and no others; null for what has no such form. */
export function toEdit(body: unknown): null | StoryboardEdit {
  if (!isRecord(body)) return null
  const edit = Object.fromEntries(
    editedFields.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
  )
  for (const name of lists) {
    // A list without rows is their number in the state of Payload's forms.
    if (edit[name] === 0) edit[name] = []
    const rows = edit[name] ?? []
    if (!Array.isArray(rows) || !rows.every(isRecord)) return null
  }
  return edit
}
