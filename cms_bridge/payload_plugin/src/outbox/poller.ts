/**
 * The poller: sees to it that whatever is due is sent, whatever became of its wake-up.
 *
 * Payload's own `autoRun` starts with the first request and never touches a job
 * whose process was killed; a due row found here needs neither.
 */
import type { Payload } from 'payload'

import type { Settings } from '../settings.ts'
import { anyDue } from './deliver.ts'
import { pruneHourly } from './prune.ts'
import { reasonOf } from './reason.ts'
import { queueName, wake } from './wake.ts'

const pollers = new WeakMap<Payload, NodeJS.Timeout>()

/** Look for due events every `pollMs` for as long as the process lives; keeps no process alive. */
export function startPoller(payload: Payload, settings: Settings): void {
  stopPoller(payload)
  if (settings.deliver.pollMs === 0) return
  let busy = false
  const poll = async (): Promise<void> => {
    if (busy) return
    busy = true
    try {
      await runDue(payload, settings)
      await pruneHourly(payload, settings)
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
