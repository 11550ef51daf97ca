/** Tells every video that shows a file of the media library that another is in its place. */
import type { CollectionAfterChangeHook, CollectionConfig } from 'payload'

import type { Id } from '../documents.ts'
import { nameOf, whileReplacing } from '../library.ts'
import { renew, showing } from '../replaced.ts'
import type { Settings } from '../settings.ts'

/** Have an upload collection of the host tell when the file of one of its documents is replaced. */
export function tellingReplaced(
  settings: Settings,
  collection: CollectionConfig,
): CollectionConfig {
  const afterChange = [...(collection.hooks?.afterChange ?? []), tellReplaced(settings)]
  return { ...collection, hooks: { ...collection.hooks, afterChange } }
}

/**
 * Save each storyboard that shows the file as one that was edited, with the new file.
 *
 * A new file comes with the request, or with the version of a document that is published only now;
 * it is told by what a storyboard knows of the one before. All of it is one transaction.
 */
export function tellReplaced(settings: Settings): CollectionAfterChangeHook {
  return async ({ collection, doc, operation, req }) => {
    if (operation !== 'update') return
    const { id } = doc as { id: Id }
    const name = nameOf({ collection: collection.slug, document: String(id) })
    const came = Boolean(req.file)
    for await (const storyboard of showing(settings, req, name)) {
      if (came) await whileReplacing(req, name, () => renew(settings, req, storyboard, name))
      else await renew(settings, req, storyboard, name)
    }
  }
}
