/** The task behind the wake-up: deliver what is due, and be woken again for what is not yet. */
import type { TaskConfig } from 'payload'

import type { Settings } from '../settings.ts'
import { deliverDue } from './deliver.ts'
import { queueName, taskSlug, wake } from './wake.ts'

export function deliverTask(settings: Settings): TaskConfig {
  return {
    slug: taskSlug,
    retries: 0,
    handler: async ({ req: { payload } }) => {
      const next = await deliverDue(payload, settings)
      if (next) {
        const { totalDocs } = await payload.count({
          collection: 'payload-jobs',
          where: { queue: { equals: queueName }, processing: { equals: false } },
          overrideAccess: true,
        })
        // One alarm clock is enough, however many events wait.
        if (totalDocs === 0) await wake(payload, { at: next })
      }
      return { output: {} }
    },
  }
}
