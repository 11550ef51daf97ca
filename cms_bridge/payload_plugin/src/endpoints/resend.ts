/** Sends an event again that was refused or given up, or that waits for its next attempt. */
import type { Endpoint, PayloadRequest } from 'payload'

import type { OutboxDoc } from '../documents.ts'
import type { CmsEvent } from '../generated/events.ts'
import { wake } from '../outbox/wake.ts'
import type { Settings } from '../settings.ts'
import { paths } from './contract.ts'
import { findReadable } from './readable.ts'
import { problem } from './responses.ts'

const voided =
  'This approval no longer holds: it was refused, or the storyboard has changed since. Have the storyboard approved as it is now.'

/** For administrators; the service knows an event by its id, and does nothing twice. */
export function resendEndpoint(settings: Settings): Endpoint {
  const { outbox } = settings.slugs
  return {
    method: 'post',
    path: paths.resend,
    handler: async (req) => {
      const event = await findReadable<OutboxDoc>(req, outbox)
      if (!event) return problem(404, 'Not found', 'There is no such event.')
      if (!(await settings.access.administer({ req }))) {
        return problem(403, 'Forbidden', 'Only administrators may send an event again.')
      }
      if (await isVoid(settings, req, event)) {
        return problem(409, 'Approval void', voided, { code: 'approval_void' })
      }
      const again: Partial<OutboxDoc> = {
        state: 'queued',
        attempts: 0,
        nextAttemptAt: new Date().toISOString(),
        lastError: null,
        problem: null,
        responseStatus: null,
      }
      const stored: unknown = await req.payload.db.updateOne({
        collection: outbox,
        where: { and: [{ id: { equals: event.id } }, { state: { not_equals: 'delivered' } }] },
        data: again,
        options: { atomic: true },
        req,
      })
      if (!stored) return problem(409, 'Delivered', 'This event is delivered.')
      await wake(req.payload, { req })
      return new Response(null, { status: 204 })
    },
  }
}

/** Tell whether an event approves what does not stand approved any more: sent again, it would spend. */
async function isVoid(
  { slugs }: Settings,
  { payload }: PayloadRequest,
  { body, type }: OutboxDoc,
): Promise<boolean> {
  if (type !== 'storyboard.approved') return false
  // Written here, by `writeEvent`.
  const event = JSON.parse(body) as Extract<CmsEvent, { type: 'storyboard.approved' }>
  const { jobId, revision } = event.data
  const standing = await payload.db.findOne({
    collection: slugs.storyboards,
    where: {
      and: [
        { jobId: { equals: jobId } },
        { revision: { equals: revision } },
        { decision: { equals: 'approved' } },
      ],
    },
  })
  return !standing
}
