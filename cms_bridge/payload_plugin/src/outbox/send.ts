/** One attempt to hand an event to the bridge: signed, timed, and its answer read within bounds. */
import { Webhook } from 'standardwebhooks'

import { readBounded } from '../body.ts'
import type { Settings } from '../settings.ts'
import type { OutboxDoc } from '../types.ts'
import { judge, type Outcome } from './backoff.ts'

export interface Attempt {
  outcome: Outcome
  /** The response's status; null when there was no response. */
  status: null | number
  /** Why it was not delivered: the problem's `detail`, or what kept the request from its goal. */
  reason: null | string
}

const longestAnswer = 16 * 1024

/** POST the row's body, byte for byte, under its id and a signature of this moment. */
export async function send(
  { bridgeUrl, webhookSecret, deliver }: Settings,
  row: Pick<OutboxDoc, 'body' | 'eventId'>,
): Promise<Attempt> {
  const now = new Date()
  try {
    const response = await fetch(`${bridgeUrl}/api/v1/webhooks/payload`, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(deliver.timeoutMs),
      headers: {
        'content-type': 'application/json',
        'webhook-id': row.eventId,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': new Webhook(webhookSecret).sign(row.eventId, now, row.body),
      },
      body: row.body,
    })
    const answer = await readBounded(response.body, longestAnswer)
    const outcome = judge(response.status)
    const reason = outcome === 'delivered' ? null : explain(response.status, answer)
    return { outcome, status: response.status, reason }
  } catch (error) {
    // Whatever fetch throws — refused, reset, timed out, no such host — passes with time.
    return { outcome: 'retry', status: null, reason: causeOf(error) }
  }
}

/** Return the sentence of an RFC 9457 problem, or the bare status. */
function explain(status: number, answer: Buffer | null): string {
  try {
    const problem: unknown = JSON.parse(answer?.toString('utf8') ?? '')
    if (problem && typeof problem === 'object') {
      for (const name of ['detail', 'title'] as const) {
        const sentence = (problem as Record<string, unknown>)[name]
        if (typeof sentence === 'string' && sentence) return sentence.slice(0, 1_000)
      }
    }
  } catch {
    // Not JSON: a proxy's page, which an editor has no use for.
  }
  return `HTTP ${String(status)}`
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? cause.message || cause.name : error.message
}
