/** One attempt to hand an event to the bridge: signed, timed, and its answer read within bounds. */
import { Webhook } from 'standardwebhooks'

import { readJson } from '../body.ts'
import type { Problem } from '../generated/events.ts'
import { toProblem } from '../problem.ts'
import type { Settings } from '../settings.ts'
import type { OutboxDoc } from '../documents.ts'
import { judge, type DeliveryOutcome } from './backoff.ts'
import { reasonOf } from './reason.ts'

export interface Attempt {
  outcome: DeliveryOutcome
  /** The response's status; null when there was no response. */
  status: null | number
  /** Why it was not delivered: the problem's `detail`, or what kept the request from its goal. */
  reason: null | string
  /** The same with its code, where the bridge gave one. */
  problem: null | Problem
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
    const explanation = explain(response.status, await readJson(response.body, longestAnswer))
    const outcome = judge(response.status, { explained: explanation.problem !== null })
    if (outcome === 'delivered') {
      return { outcome, status: response.status, reason: null, problem: null }
    }
    return { outcome, status: response.status, ...explanation }
  } catch (error) {
    // Whatever fetch throws — refused, reset, timed out, no such host — passes with time.
    return { outcome: 'retry', status: null, reason: reasonOf(error), problem: null }
  }
}

/** Say why an event was not taken; whatever else than a problem was answered is only its status. */
function explain(status: number, body: unknown): Pick<Attempt, 'problem' | 'reason'> {
  const refusal = toProblem(body)
  if (!refusal) return { reason: `HTTP ${String(status)}`, problem: null }
  const message = refusal.message.slice(0, 1_000)
  return { reason: message, problem: refusal.code ? { ...refusal, message } : null }
}
