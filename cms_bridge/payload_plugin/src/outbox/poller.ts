/**
 * The poller: sees to it that whatever is due is sent, whatever became of its wake-up.
 *
 * Payload's own `autoRun` starts with the first request and never touches a job
 * whose process was killed; a due row found here needs neither.
 */
import type { Payload } from 'payload'

import type { Settings } from '../settings.ts'
import { anyDue } from './deliver.ts'
import { reasonOf } from './reason.ts'
import { queueName, taskSlug, wake } from './wake.ts'

const hour = 60 * 60 * 1_000
const stuckAfterMs = 10 * 60 * 1_000
const pollers = new WeakMap<Payload, NodeJS.Timeout>()

/** Look for due events every `pollMs` for as long as the process lives; keeps no process alive. */
export function startPoller(payload: Payload, settings: Settings): void {
  stopPoller(payload)
  if (settings.deliver.pollMs === 0) return
  let pruneAt = 0
  let busy = false
  const poll = async (): Promise<void> => {
    if (busy) return
    busy = true
    try {
      await runDue(payload, settings)
      if (Date.now() >= pruneAt) {
        pruneAt = Date.now() + hour
        await prune(payload, settings)
      }
    } catch (error) {
      // A database that is away or busy for a moment: the next look tries again.
      payload.logger.warn({
        msg: 'reelwright: the outbox could not be read',
        reason: reasonOf(error),
      })
    } finally {
      busy = false
    }
  }
  pollers.set(payload, setInterval(() => void poll(), settings.deliver.pollMs).unref())
}

export function stopPoller(payload: Payload): void {
  clearInterval(pollers.get(payload))
  pollers.delete(payload)
}

/** Run the wake-ups that wait; where a due row has none left, queue one in its place. */
export async function runDue(payload: Payload, settings: Settings): Promise<void> {
  if (!(await anyDue(payload, settings))) return
  const run = () =>
    payload.jobs.run({ overrideAccess: true, queue: queueName, silent: { info: true } })
  if ((await run()).jobStatus) return
  await wake(payload)
  await run()
}

/** Forget delivered events after a while, and wake-ups that died with their process. */
export async function prune(payload: Payload, { deliver, slugs }: Settings): Promise<void> {
  const before = (ms: number) => ({ less_than: new Date(Date.now() - ms).toISOString() })
  await payload.delete({
    collection: slugs.outbox,
    where: { state: { equals: 'delivered' }, deliveredAt: before(deliver.keepMs) },
    overrideAccess: true,
  })
  await payload.delete({
    collection: 'payload-jobs',
    where: {
      taskSlug: { equals: taskSlug },
      processing: { equals: true },
      updatedAt: before(stuckAfterMs),
    },
    overrideAccess: true,
  })
}
