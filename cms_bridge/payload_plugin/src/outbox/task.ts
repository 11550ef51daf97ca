/** The task behind the wake-up: deliver what is due, and be woken again for what is not yet. */
import type { Payload, TaskConfig, Where } from 'payload'

import type { Settings } from '../settings.ts'
import { deliverDue } from './deliver.ts'
import { pruneHourly } from './prune.ts'
import { jobsSlug, queueName, taskSlug, wake } from './wake.ts'

export function deliverTask(settings: Settings): TaskConfig {
  return {
    slug: taskSlug,
    retries: 0,
    handler: async ({ req: { payload } }) => {
      const next = await deliverDue(payload, settings)
      // One alarm clock is enough, however many events wait.
      if (next && !(await isWokenBy(payload, next))) await wake(payload, { at: next })
      // Here too, for a host without a poller.
      await pruneHourly(payload, settings)
      return { output: {} }
    },
  }
}

/** Tell whether a wake-up still to come, neither failed nor finished, is for that time or before. */
async function isWokenBy(payload: Payload, next: Date): Promise<boolean> {
  const where: Where = {
    and: [
      { queue: { equals: queueName } },
      { completedAt: { exists: false } },
      { hasError: { not_equals: true } },
      { waitUntil: { greater_than: new Date().toISOString() } },
      { waitUntil: { less_than_equal: next.toISOString() } },
    ],
  }
  const { totalDocs } = await payload.count({ collection: jobsSlug, where, overrideAccess: true })
  return totalDocs > 0
}
