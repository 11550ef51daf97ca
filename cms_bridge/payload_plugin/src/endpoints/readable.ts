/** Documents that whoever asks may read. */
import type { PayloadRequest, SelectType, Where } from 'payload'

import type { Id } from '../documents.ts'

/** Return the document that the endpoint's address names. */
export function findReadable<T>(req: PayloadRequest, collection: string): Promise<T | undefined> {
  return findNewestReadable<T>(req, collection, { id: { equals: req.routeParams?.id } })
}

export async function findNewestReadable<T>(
  req: PayloadRequest,
  collection: string,
  where: Where,
  select?: SelectType,
): Promise<T | undefined> {
  const { docs } = await req.payload.find({
    collection,
    where,
    sort: '-createdAt',
    limit: 1,
    depth: 0,
    overrideAccess: false,
    // A video in the trash is shown there, to whom it was shown before.
    trash: true,
    req,
    ...(select && { select }),
  })
  return docs[0] as unknown as T | undefined
}

/** Tell whether whoever asks may change a document, by the rule that its collection has. */
export async function mayWrite(req: PayloadRequest, collection: string, id: Id): Promise<boolean> {
  const rule = req.payload.collections[collection]?.config.access.update
  const allowed = rule ? await rule({ id, req }) : Boolean(req.user)
  if (typeof allowed === 'boolean') return allowed
  const where: Where = { and: [{ id: { equals: id } }, allowed] }
  const found = await req.payload.count({ collection, where, overrideAccess: true, req })
  return found.totalDocs > 0
}
