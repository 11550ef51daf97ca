/** What endpoints answer with: a value of the contract, or an error as an RFC 9457 problem. */
import type { Problem } from '../generated/events.ts'
import { toProblem } from '../problem.ts'
import type { BridgeAnswer } from './bridge.ts'
import { type Answers, serviceAway } from './contract.ts'

/** Answer a question whose answer changes by the moment and is for this user alone. */
export function answer(body: NonNullable<Answers[keyof Answers]>): Response {
  return Response.json(body, { headers: { 'cache-control': 'private, no-store' } })
}

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

export function bridgeUnavailable(): Response {
  const detail = 'The render service does not answer at the moment.'
  return problem(503, 'Render service away', detail, { code: serviceAway })
}

/** Hand on what the bridge has against a request; its own faults are not the editor's. */
export function bridgeProblem({ body, status }: BridgeAnswer): Response {
  const refusal = toProblem(body)
  if (!refusal?.code || status < 400 || status >= 500) {
    const detail = 'The render service gave an unexpected answer.'
    // A proxy answers so in the place of a service that is away.
    return problem(502, 'Unexpected answer', detail, status >= 500 ? { code: serviceAway } : {})
  }
  const { code, message, params } = refusal
  return problem(status, 'Refused', message, { code, params })
}
