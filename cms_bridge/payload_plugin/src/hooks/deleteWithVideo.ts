/** Deletes a video's storyboards and renditions with it, in the same transaction. */
import type { CollectionBeforeDeleteHook } from 'payload'

import type { Settings } from '../settings.ts'

export function deleteWithVideo({ slugs }: Settings): CollectionBeforeDeleteHook {
  return async ({ id, req }) => {
    const where = { video: { equals: id } }
    await req.payload.delete({ collection: slugs.storyboards, where, req })
    await req.payload.delete({ collection: slugs.renditions, where, req })
  }
}
