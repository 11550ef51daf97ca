/** Questions to the bridge, asked on the server with its key and answered within bounds. */
import { readJson } from '../body.ts'
import type { Settings } from '../settings.ts'

export interface BridgeAnswer {
  status: number
  /** Parsed JSON; undefined where there is none. */
  body: unknown
}

const longestAnswer = 1024 * 1024

/** Return the bridge's answer, or null when it is away or too slow. */
export async function askBridge(
  { apiKey, bridgeUrl, deliver }: Settings,
  path: string,
  body?: unknown,
): Promise<BridgeAnswer | null> {
  try {
    const response = await fetch(`${bridgeUrl}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(deliver.timeoutMs),
    })
    return { status: response.status, body: await readJson(response.body, longestAnswer) }
  } catch {
    // Refused, reset, timed out: for whoever asked it is all the same.
    return null
  }
}
