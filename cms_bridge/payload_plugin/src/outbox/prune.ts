/** What the outbox forgets: delivered events after a while, and wake-ups that are over. */
import type { Payload, Where } from 'payload'

import type { Settings } from '../settings.ts'
import { jobsSlug, taskSlug } from './wake.ts'

const hour = 60 * 60 * 1_000
const stuckAfterMs = 10 * 60 * 1_000
const dueAt = new WeakMap<Payload, number>()

/** Prune with the first delivery of a process, and then once an hour. */
export async function pruneHourly(payload: Payload, settings: Settings): Promise<void> {
  if (Date.now() < (dueAt.get(payload) ?? 0)) return
  dueAt.set(payload, Date.now() + hour)
  await prune(payload, settings)
}

/** Forget delivered events, and the wake-ups that ended or that died with their process. */
export async function prune(payload: Payload, { deliver, slugs }: Settings): Promise<void> {
  const before = (ms: number) => ({ less_than: new Date(Date.now() - ms).toISOString() })
  await payload.delete({
    collection: slugs.outbox,
    where: { state: { equals: 'delivered' }, deliveredAt: before(deliver.keepMs) },
    overrideAccess: true,
  })
  const over: Where = {
    and: [
      { updatedAt: before(deliver.keepMs) },
      { or: [{ completedAt: { exists: true } }, { hasError: { equals: true } }] },
    ],
  }
  // By age and nothing else: how Payload marks a job that runs is its own, and changes.
  const stuck: Where = {
    and: [
      { updatedAt: before(stuckAfterMs) },
      { completedAt: { exists: false } },
      { hasError: { not_equals: true } },
      { or: [{ waitUntil: { exists: false } }, { waitUntil: before(stuckAfterMs) }] },
    ],
  }
  await payload.delete({
    collection: jobsSlug,
    where: { and: [{ taskSlug: { equals: taskSlug } }, { or: [over, stuck] }] },
    overrideAccess: true,
  })
}
