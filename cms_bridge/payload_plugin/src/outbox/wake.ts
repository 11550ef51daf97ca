/**
 * The Payload job that delivers: `reelwrightDeliver`, in a queue of its own.
 *
 * It carries nothing. What there is to send stands in the outbox, so that a job
 * that is lost, repeated or stuck costs a moment and never an event.
 */
import type { Payload, PayloadRequest } from 'payload'

/** Payload's own collection of jobs. */
export const jobsSlug = 'payload-jobs'
export const taskSlug = 'reelwrightDeliver'
export const queueName = 'reelwright'

/** Queue a wake-up, in the caller's transaction if there is one. */
export async function wake(
  payload: Payload,
  { at, req }: { at?: Date; req?: PayloadRequest } = {},
): Promise<void> {
  await payload.jobs.queue({
    task: taskSlug,
    queue: queueName,
    input: {},
    overrideAccess: true,
    ...(at && { waitUntil: at }),
    ...(req && { req }),
  })
}
