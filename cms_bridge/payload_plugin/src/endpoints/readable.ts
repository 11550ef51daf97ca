/** The document that an endpoint's address names, if whoever asks may read it. */
import type { PayloadRequest } from 'payload'

export async function findReadable<T>(
  req: PayloadRequest,
  collection: string,
): Promise<T | undefined> {
  const { docs } = await req.payload.find({
    collection,
    where: { id: { equals: req.routeParams?.id } },
    limit: 1,
    depth: 0,
    overrideAccess: false,
    req,
  })
  return docs[0] as unknown as T | undefined
}
