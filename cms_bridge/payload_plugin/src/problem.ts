/** RFC 9457 problems, as the bridge and the plugin's own endpoints answer with. */
import type { Problem } from './generated/events.ts'
import { isRecord } from './json.ts'

/** Return what an answer has against a request, without a code where it names none; or null. */
export function toProblem(body: unknown): null | Problem {
  if (!isRecord(body)) return null
  const { code, detail, params, title } = body
  const message = [detail, title].find((text) => typeof text === 'string' && text !== '')
  if (typeof message !== 'string') return null
  return { code: typeof code === 'string' ? code : '', message, params: toParams(params) }
}

/** Keep the values that a sentence can name. */
function toParams(params: unknown): Record<string, number | string> {
  if (!isRecord(params)) return {}
  return Object.fromEntries(
    Object.entries(params).filter(
      (entry): entry is [string, number | string] =>
        typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  )
}
