/** Adds to a finished rendition where it can be watched; the links ask for fresh ones when opened. */
import type { CollectionAfterReadHook } from 'payload'

import type { RenditionDoc } from '../documents.ts'

export const addLinks: CollectionAfterReadHook = ({ doc, req }) => {
  const rendition = doc as RenditionDoc
  if (!rendition.file) return rendition
  const { routes, serverURL } = req.payload.config
  const base = `${serverURL}${routes.api}/reelwright/renditions/${String(rendition.id)}`
  return {
    ...rendition,
    url: `${base}/video`,
    posterUrl: `${base}/poster`,
    downloadUrl: `${base}/download`,
  }
}
