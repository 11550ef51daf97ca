/** Answers that are errors, as RFC 9457 problems. */
import type { Problem } from '../generated/events.ts'
import type { BridgeAnswer } from './bridge.ts'

export function problem(
  status: number,
  title: string,
  detail: string,
  more: Partial<Problem> = {},
): Response {
  return Response.json(
    { type: 'about:blank', title, status, detail, ...more },
    {
      status,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    },
  )
}

/** The bridge does not answer. */
export function away(): Response {
  return problem(503, 'Render service away', 'The render service does not answer at the moment.')
}

/** Hand on what the bridge has against a request; its own faults are not the editor's. */
export function problemOf({ body, status }: BridgeAnswer): Response {
  const { code, detail, params } = (body ?? {}) as Record<string, unknown>
  const known = typeof code === 'string' && typeof detail === 'string'
  if (!known || status < 400 || status >= 500) {
    return problem(502, 'Unexpected answer', 'The render service gave an unexpected answer.')
  }
  return problem(status, 'Refused', detail, { code, params: params as Problem['params'] })
}
