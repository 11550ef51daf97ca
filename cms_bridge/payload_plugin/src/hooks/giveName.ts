/** Gives each project and each video the name that the service knows it by. */
import { randomUUID } from 'node:crypto'
import type { CollectionBeforeChangeHook } from 'payload'

import type { ProjectDoc, VideoDoc } from '../documents.ts'

/**
 * Name a new video, and keep the name of any other whatever a save, a duplicate or a version says.
 *
 * SQLite gives the id of a deleted row to the next one, and two CMSs that share a bridge both count
 * from 1. A video that was submitted before there were names stays known by its id.
 */
export const nameVideo: CollectionBeforeChangeHook = ({ data, operation, originalDoc }) => {
  const before = originalDoc as VideoDoc | undefined
  if (operation === 'create' || !before) return { ...data, serviceId: randomUUID() }
  const unknown = !before.serviceId && !before.submission
  return { ...data, serviceId: unknown ? randomUUID() : before.serviceId }
}

/**
 * Name a new project in the same way: what was spent, allowed and made goes by that name.
 *
 * One that is older than names stays known by its id. It cannot be told here whether the service
 * has heard of it: keys, caps and a lexicon are given to a project before its first video, too.
 */
export const nameProject: CollectionBeforeChangeHook = ({ data, operation, originalDoc }) => {
  const before = originalDoc as ProjectDoc | undefined
  if (operation === 'create' || !before) return { ...data, serviceId: randomUUID() }
  return { ...data, serviceId: before.serviceId ?? null }
}
