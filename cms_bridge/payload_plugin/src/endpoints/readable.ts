/** Documents that whoever asks may read. */
import type { PayloadRequest, Where } from 'payload'

/** Return the document that the endpoint's address names. */
export function findReadable<T>(req: PayloadRequest, collection: string): Promise<T | undefined> {
  return findNewestReadable<T>(req, collection, { id: { equals: req.routeParams?.id } })
}

export async function findNewestReadable<T>(
  req: PayloadRequest,
  collection: string,
  where: Where,
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
  })
  return docs[0] as unknown as T | undefined
}
