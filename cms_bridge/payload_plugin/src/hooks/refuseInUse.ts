/** Keeps a project that videos belong to, and says which. */
import type { CollectionBeforeDeleteHook } from 'payload'

import type { VideoDoc } from '../documents.ts'
import { Refusal } from '../refusal.ts'
import type { Settings } from '../settings.ts'
import { translate } from '../translations/index.ts'

const mostNamed = 3

/** The database would refuse as well, but not in words that help an editor. */
export function refuseInUse({ slugs }: Settings): CollectionBeforeDeleteHook {
  return async ({ id, req }) => {
    const { docs, totalDocs: count } = await req.payload.find({
      collection: slugs.videos,
      where: { project: { equals: id } },
      sort: ['-updatedAt', 'id'],
      limit: mostNamed,
      depth: 0,
      // Those in the trash as well: they can be restored.
      trash: true,
      overrideAccess: true,
      req,
    })
    if (count === 0) return
    const { language } = req.i18n
    const names = (docs as unknown as VideoDoc[]).map(({ deletedAt, title }) =>
      translate(language, deletedAt ? 'quoted.inTrash' : 'quoted', { text: title || '…' }),
    )
    const more = count - names.length
    if (more > 0) names.push(translate(language, 'andMore', { more }))
    const videos = new Intl.ListFormat(language).format(names)
    const message = translate(language, 'invalid.projectInUse', { count, videos })
    throw new Refusal(message)
  }
}
