/**
 * Delivery: sends what is due, stream by stream, in the order it was written.
 *
 * A row is claimed by counting its attempt in one conditional update, and the
 * claim holds until `nextAttemptAt`: a process that dies leaves a row that
 * becomes due again by itself. Two processes may in the worst case send one
 * event twice; the bridge knows it by its id.
 */
import type { Payload, Where } from 'payload'

import type { CmsEvent } from '../generated/events.ts'
import type { Settings } from '../settings.ts'
import { withoutWhole } from '../approvals.ts'
import type { OutboxDoc, StoryboardDoc } from '../documents.ts'
import { waitAfter } from './backoff.ts'
import { type Attempt, send } from './send.ts'

const streamsAtOnce = 8
const rowsAtOnce = 500

/** Send until nothing is due. Return when the next row will be, or null when none waits. */
export async function deliverDue(payload: Payload, settings: Settings): Promise<Date | null> {
  for (;;) {
    const heads = await firstOfEachStream(payload, settings)
    const due = heads.filter(isDue)
    if (due.length === 0) {
      const times = heads.map((row) => Date.parse(row.nextAttemptAt))
      return times.length > 0 ? new Date(Math.min(...times)) : null
    }
    for (let start = 0; start < due.length; start += streamsAtOnce) {
      const batch = due.slice(start, start + streamsAtOnce)
      await Promise.all(batch.map((row) => attempt(payload, settings, row)))
    }
  }
}

/** Tell whether anything can be sent now; a row behind a waiting one of its stream cannot. */
export async function anyDue(payload: Payload, settings: Settings): Promise<boolean> {
  return (await firstOfEachStream(payload, settings)).some(isDue)
}

const isDue = (row: Head): boolean => Date.parse(row.nextAttemptAt) <= Date.now()

type Head = Pick<
  OutboxDoc,
  'attempts' | 'createdAt' | 'eventId' | 'id' | 'nextAttemptAt' | 'stream' | 'type'
>

async function firstOfEachStream(payload: Payload, { slugs }: Settings): Promise<Head[]> {
  const { docs } = await payload.find({
    collection: slugs.outbox,
    where: { state: { equals: 'queued' } },
    sort: ['createdAt', 'id'],
    limit: rowsAtOnce,
    pagination: false,
    depth: 0,
    overrideAccess: true,
    // Without the bodies: this is read several times a second while something waits.
    select: {
      attempts: true,
      createdAt: true,
      eventId: true,
      nextAttemptAt: true,
      stream: true,
      type: true,
    },
  })
  const heads = new Map<string, Head>()
  for (const row of docs as unknown as Head[]) {
    if (!heads.has(row.stream)) heads.set(row.stream, row)
  }
  return [...heads.values()]
}

async function attempt(payload: Payload, settings: Settings, row: Head): Promise<void> {
  const { deliver, slugs } = settings
  const attempts = row.attempts + 1
  const change = async (from: number, data: Partial<OutboxDoc>): Promise<null | OutboxDoc> => {
    const where: Where = {
      and: [
        { id: { equals: row.id } },
        { state: { equals: 'queued' } },
        { attempts: { equals: from } },
      ],
    }
    // The adapter and not the Local API, because only the adapter updates and compares in one step.
    return (await payload.db.updateOne({
      collection: slugs.outbox,
      where,
      data: { ...data, updatedAt: new Date().toISOString() },
      options: { atomic: true },
    })) as null | OutboxDoc
  }

  const lease = new Date(Date.now() + 2 * deliver.timeoutMs).toISOString()
  const claim = await change(row.attempts, { attempts, nextAttemptAt: lease })
  if (!claim) return
  const result = await send(settings, claim)
  const changes = rowAfterAttempt(result, row, attempts, settings)
  const ownClaim = await change(attempts, changes)
  if (ownClaim && changes.state === 'refused') await revokeApproval(payload, settings, claim)
  if (result.outcome !== 'delivered') {
    const { eventId, type } = row
    const { outcome, problem, status } = result
    // A problem's sentence may quote the event; the outbox keeps it for those who may read both.
    const reason = problem ? problem.code : status === null ? result.reason : null
    payload.logger.warn({
      msg: 'reelwright: an event was not delivered',
      ...{ attempts, eventId, outcome, reason, status, type },
    })
  }
}

/** Show a storyboard whose approval was refused as what it is: not approved. */
async function revokeApproval(
  payload: Payload,
  { slugs }: Settings,
  { body }: OutboxDoc,
): Promise<void> {
  // Written here, by `writeEvent`.
  const event = JSON.parse(body) as CmsEvent
  if (event.type !== 'storyboard.approved') return
  const { jobId, revision } = event.data
  const collection = slugs.storyboards
  const where: Where = {
    and: [{ jobId: { equals: jobId } }, { revision: { equals: revision } }],
  }
  const storyboard = await payload.db.findOne<StoryboardDoc>({ collection, where })
  if (!storyboard) return
  // Past the hooks, for nobody has decided anew; and only if nobody has since.
  await payload.db.updateOne({
    collection,
    where,
    data: {
      ...{ decision: 'pending', approvedBy: null, approvedAt: null, approvedCost: null },
      // Who approved a scene by itself has said so of that scene, which stands as it was.
      sceneApprovals: withoutWhole(storyboard),
    },
  })
}

/** Return how the row stands after an attempt. */
export function rowAfterAttempt(
  { outcome, problem, reason, status }: Attempt,
  row: Pick<OutboxDoc, 'createdAt'>,
  attempts: number,
  { deliver }: Pick<Settings, 'deliver'>,
): Partial<OutboxDoc> {
  const now = Date.now()
  const base = { responseStatus: status, lastError: reason, problem }
  if (outcome === 'delivered') {
    return { ...base, state: 'delivered', deliveredAt: new Date(now).toISOString() }
  }
  const next = now + waitAfter(attempts, deliver)
  const tooLate = next - Date.parse(row.createdAt) > deliver.giveUpMs
  if (outcome === 'refused' || tooLate) return { ...base, state: 'refused' }
  return { ...base, nextAttemptAt: new Date(next).toISOString() }
}
