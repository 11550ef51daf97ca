/** Deletes a video's storyboards and renditions with it, and stops work that nobody will watch. */
import type { CollectionBeforeDeleteHook } from 'payload'

import type { Settings } from '../settings.ts'
import type { VideoDoc } from '../documents.ts'
import { filmOf, filmsOf } from '../films.ts'
import { isAtWork } from './atWork.ts'
import { writeVideoRef } from './emitVideoEvents.ts'

export function deleteWithVideo(settings: Settings): CollectionBeforeDeleteHook {
  const { renditions, storyboards, videos } = settings.slugs
  return async ({ id, req }) => {
    const video = (await req.payload.findByID({
      collection: videos,
      id,
      depth: 0,
      overrideAccess: true,
      req,
      trash: true,
    })) as unknown as VideoDoc
    const where = { video: { equals: id } }
    for (const each of filmsOf(video)) {
      const film = filmOf(video, each)
      if (await isAtWork(settings, req, film)) {
        await writeVideoRef(settings, 'video.cancelled', film, req)
      }
    }
    // A column added by a migration of SQLite's does not let go of the video by itself.
    await req.payload.db.updateMany({
      collection: settings.slugs.outbox,
      where,
      data: { video: null },
      req,
    })
    await req.payload.delete({ collection: storyboards, where, overrideAccess: true, req })
    await req.payload.delete({ collection: renditions, where, overrideAccess: true, req })
  }
}
