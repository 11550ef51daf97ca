/** What a server has against a request, read from its answer. */
import type { Problem } from '../../generated/events.ts'

/** Return an RFC 9457 problem of the plugin or the service, or null for whatever else it is. */
export async function readProblem(response: Response): Promise<null | Problem> {
  const body = (await response.json().catch(() => null)) as null | {
    code?: unknown
    detail?: unknown
    params?: Problem['params']
  }
  if (typeof body?.detail !== 'string') return null
  const code = typeof body.code === 'string' ? body.code : ''
  return { code, message: body.detail, params: body.params ?? {} }
}

/** Return the first sentence of Payload's own kind of error. */
export async function readReason(response: null | Response, otherwise: string): Promise<string> {
  const body = (await response?.json().catch(() => null)) as
    | { errors?: { data?: { errors?: { message?: string }[] }; message?: string }[] }
    | null
    | undefined
  const first = body?.errors?.[0]
  return first?.data?.errors?.[0]?.message ?? first?.message ?? otherwise
}
