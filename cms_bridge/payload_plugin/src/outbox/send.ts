/** One attempt to hand an event to the bridge: signed, timed, and its answer read within bounds. */
import { Webhook } from 'standardwebhooks'

import { readBounded } from '../body.ts'
import type { Problem } from '../generated/events.ts'
import type { Settings } from '../settings.ts'
import type { OutboxDoc } from '../documents.ts'
import { judge, type Outcome } from './backoff.ts'
import { reasonOf } from './reason.ts'

export interface Attempt {
  outcome: Outcome
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
    const answer = await readBounded(response.body, longestAnswer)
    const explanation = explain(response.status, answer)
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

/** Read an RFC 9457 problem; whatever else was answered is only its status. */
function explain(status: number, answer: Buffer | null): Pick<Attempt, 'problem' | 'reason'> {
  const bare = { reason: `HTTP ${String(status)}`, problem: null }
  try {
    const body: unknown = JSON.parse(answer?.toString('utf8') ?? '')
    if (!body || typeof body !== 'object') return bare
    const { code, detail, params, title } = body as Record<string, unknown>
    const sentence = [detail, title].find((each) => typeof each === 'string' && each !== '')
    if (typeof sentence !== 'string') return bare
    const reason = sentence.slice(0, 1_000)
    if (typeof code !== 'string') return { reason, problem: null }
    return { reason, problem: { code, message: reason, params: valuesOf(params) } }
  } catch {
    // Not JSON: a proxy's page, which an editor has no use for.
    return bare
  }
}

function valuesOf(params: unknown): Record<string, number | string> {
  if (!params || typeof params !== 'object') return {}
  const entries = Object.entries(params as Record<string, unknown>)
  return Object.fromEntries(
    entries.filter(
      (entry): entry is [string, number | string] =>
        typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  )
}
