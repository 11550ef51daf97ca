/** What the plugin's own endpoints answer with, and who it is that refuses: the service, or something before it. */
import { serviceAway } from '../../endpoints/contract.ts'
import type { Problem } from '../../generated/events.ts'
import { toProblem } from '../../problem.ts'

export type Reply<T> = Refused | { ok: true; answer: T }

interface Refused {
  ok: false
  /** What there is against the question; null where a server itself has failed. */
  problem: null | Problem
  status: number
}

/** Return what an answer that is none has against a question, also where it is Payload's own. */
export function toRefused(status: number, body: unknown): Refused {
  const problem = toProblem(body) ?? (status < 500 ? refusalOf(status, body) : null)
  return { ok: false, problem, status }
}

/** What refuses before the plugin is asked, such as a proxy, has a page for people at most. */
function refusalOf(status: number, body: unknown): Problem {
  const message = firstError(body)
  if (message) return { code: '', message, params: {} }
  return {
    code: 'refused_unread',
    message: `The server answered ${String(status)}.`,
    params: { status },
  }
}

/** Tell whether the service did not answer, or a server before it, or was asked too often: it passes. */
export function isAway(reply: Reply<unknown>): boolean {
  if (reply.ok) return false
  if (reply.status === 429) return true
  return reply.problem ? reply.problem.code === serviceAway : reply.status >= 500
}

/** Return the first sentence of Payload's own kind of error. */
export function firstError(body: unknown): string | undefined {
  const { errors } = (body ?? {}) as {
    errors?: { data?: { errors?: { message?: string }[] }; message?: string }[]
  }
  const first = errors?.[0]
  return first?.data?.errors?.[0]?.message ?? first?.message
}
