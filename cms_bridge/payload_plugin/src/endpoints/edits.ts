/** A storyboard as it stands in an editor's form, sent to be looked at before it is saved. */
import type { PayloadRequest } from 'payload'

import { readJson } from '../body.ts'
import type { Id, StoryboardDoc } from '../documents.ts'
import type { Storyboard } from '../generated/events.ts'
import { isRecord } from '../json.ts'
import { findUnreadable, withLibrary, withReplaced } from '../library.ts'
import type { Settings } from '../settings.ts'
import { nameScenes, toStoryboard } from '../storyboard.ts'
import { editedFields, type StoryboardEdit } from './contract.ts'
import { findReadable } from './readable.ts'
import { problem } from './responses.ts'

/** Bytes of an edited storyboard. */
export const largestEdit = 2 * 1024 * 1024

export async function readEdit(req: PayloadRequest): Promise<null | StoryboardEdit> {
  return toEdit(await readJson(req.body ?? null, largestEdit))
}

/**
 * Return the storyboard that the endpoint's address names as it stands in a form, for the bridge,
 * with its job as a part of a path; or the response that says why not.
 */
export async function findEdited(
  settings: Settings,
  req: PayloadRequest,
): Promise<Response | { id: Id; job: string; saved: StoryboardDoc; storyboard: Storyboard }> {
  const saved = await findReadable<StoryboardDoc>(req, settings.slugs.storyboards)
  if (!saved) return problem(404, 'Not found', 'There is no such storyboard.')
  const edited = await readEdit(req)
  if (!edited) return problem(400, 'Not a storyboard', 'The body is no storyboard.')
  const named = nameScenes(edited.scenes ?? saved.scenes ?? [])
  const edit = await withReplaced(settings, req, { ...saved, ...edited, scenes: named })
  const doc = await withLibrary<StoryboardDoc>(settings, req, edit, saved)
  const hidden = await findUnreadable(settings, req, saved, doc)
  if (hidden !== undefined) {
    const params = { file: hidden }
    const detail = `${hidden} is not in the media library, or you may not see it.`
    return problem(409, 'File not readable', detail, { code: 'file_unreadable', params })
  }
  const job = encodeURIComponent(saved.jobId)
  return { id: saved.id, job, saved, storyboard: toStoryboard(doc) }
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
