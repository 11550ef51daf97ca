/** Lets saves of one document that come at the same time see one another. */
import type { PayloadRequest } from 'payload'

import type { Id } from './documents.ts'

/** Each further turn means that another save of this document was stored meanwhile. */
const mostTurns = 100

/**
 * Hold a document until this save's transaction ends, and return it as the saves before it left it.
 *
 * Payload reads a document before its hooks run; by then another save may have taken the very step
 * that this one asks for. Without transactions nothing can be held: what is returned is newer than
 * what Payload read, and the outbox keeps a step from being told twice.
 */
export async function holdNewest<T>(req: PayloadRequest, collection: string, id: Id): Promise<T> {
  if (await req.transactionID) await hold(req, collection, id)
  return (await req.payload.findByID({
    collection,
    id,
    depth: 0,
    draft: true,
    fallbackLocale: false,
    joins: false,
    overrideAccess: true,
    req,
    showHiddenFields: true,
    trash: true,
  })) as unknown as T
}

/** Take the row's lock with an update that changes nothing, once nobody else holds it. */
async function hold(req: PayloadRequest, collection: string, id: Id): Promise<void> {
  for (let turn = 0; turn < mostTurns; turn += 1) {
    const row = await req.payload.db.findOne<{ id: Id; updatedAt: string }>({
      collection,
      where: { id: { equals: id } },
      select: { updatedAt: true },
      req,
    })
    if (!row) return
    const { updatedAt } = row
    // What was stored while this waited has another time: it has to be read anew.
    const held: unknown = await req.payload.db.updateOne({
      collection,
      where: { and: [{ id: { equals: id } }, { updatedAt: { equals: updatedAt } }] },
      data: { updatedAt },
      options: { atomic: true },
      req,
    })
    if (held) return
  }
}
