/** Gives each video the name that the service knows it by. */
import { randomUUID } from 'node:crypto'
import type { CollectionBeforeChangeHook } from 'payload'

import type { VideoDoc } from '../documents.ts'

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
