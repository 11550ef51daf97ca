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

/** Return the fields that an editor may change, and no others; null for what has no such form. */
export function toEdit(body: unknown): null | StoryboardEdit {
  if (!isRecord(body)) return null
  const { scenes } = body
  const listed = Array.isArray(scenes) && scenes.every(isRecord)
  if (scenes !== undefined && scenes !== null && !listed) return null
  return Object.fromEntries(
    editedFields.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
  )
}
