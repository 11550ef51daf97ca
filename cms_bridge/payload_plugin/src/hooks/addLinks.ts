/**
 * Adds to a finished rendition where it can be watched, and what it is where nobody wrote that; the
 * links ask for fresh ones when opened.
 */
import type { CollectionAfterReadHook } from 'payload'

import type { RenditionDoc } from '../documents.ts'
import { pathTo } from '../endpoints/contract.ts'

export const addLinks: CollectionAfterReadHook = ({ doc, req }) => {
  const rendition = doc as RenditionDoc
  if (!rendition.file) return rendition
  const { routes, serverURL } = req.payload.config
  const api = `${serverURL}${routes.api}`
  const { id } = rendition
  return {
    ...rendition,
    alt: rendition.alt || rendition.file.alt || null,
    url: api + pathTo('video', { id }),
    posterUrl: api + pathTo('poster', { id }),
    downloadUrl: api + pathTo('download', { id }),
    ...(rendition.file.hasStream !== false && { streamUrl: api + pathTo('stream', { id }) }),
    captionsUrl: api + pathTo('captions', { id }),
    chaptersUrl: api + pathTo('chapters', { id }),
    transcriptUrl: api + pathTo('transcript', { id }),
  }
}
