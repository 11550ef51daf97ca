/** When to try again, and when never. */
import type { DeliveryOptions } from '../options.ts'

export type DeliveryOutcome = 'delivered' | 'refused' | 'retry'

/** Answers after which the same request may succeed: the bridge's keys, its time, its load. */
const passing = new Set([401, 403, 408, 425, 429])

/**
 * Return what a response's status means for an event.
 *
 * 401 and 403 are mistakes of configuration that an operator puts right, and so
 * is a 404 that does not carry a problem of the bridge's (a proxy that does not
 * know it); every other 4xx is a judgement of this event, and stays.
 */
export function judge(status: number, { explained = true } = {}): DeliveryOutcome {
  if (status >= 200 && status < 300) return 'delivered'
  if (status === 404 && !explained) return 'retry'
  if (status >= 400 && status < 500 && !passing.has(status)) return 'refused'
  return 'retry'
}

/** Return the milliseconds to wait after so many attempts: doubling, up to the longest wait. */
export function waitAfter(
  attempts: number,
  { firstRetryMs, lastRetryMs }: Required<Pick<DeliveryOptions, 'firstRetryMs' | 'lastRetryMs'>>,
): number {
  return Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(attempts - 1, 30))
}
