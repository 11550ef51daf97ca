/** Questions to the bridge, asked on the server with its key and answered within bounds. */
import { readBounded, readJson } from '../body.ts'
import type { Settings } from '../settings.ts'

export interface BridgeAnswer {
  status: number
  /** Parsed JSON; undefined where there is none. */
  body: unknown
}

const longestAnswer = 1024 * 1024
/** Bytes of a text beside a film: a day of speech. */
const longestText = 4 * 1024 * 1024

/**
 * Return a text file of the bridge's, or of the store that it leads to; null when it is away or
 * too slow, or the text too long.
 */
export async function askText(
  settings: Settings,
  path: string,
): Promise<null | { status: number; text: string }> {
  try {
    const response = await openFile(settings, path)
    if (!response) return null
    const bytes = await readBounded(response.body, longestText)
    return bytes && { status: response.status, text: bytes.toString('utf8') }
  } catch {
    return null
  }
}

/**
 * Open a file of the bridge's, or of the store that it leads to, to be read as it comes; null when
 * it is away or too slow. `range` asks for a part of it, as HTTP does.
 */
export async function openFile(
  { apiKey, bridgeUrl, deliver }: Settings,
  path: string,
  range: null | string = null,
): Promise<null | Response> {
  try {
    const signal = AbortSignal.timeout(deliver.timeoutMs)
    const address = `${bridgeUrl}/api/v1${path}`
    const part = range ? { range } : undefined
    const headers = { authorization: `Bearer ${apiKey}` }
    const response = await fetch(address, {
      headers: { ...headers, ...part },
      redirect: 'manual',
      signal,
    })
    const link = response.headers.get('location')
    if (response.status !== 307 || !link) return response
    await response.body?.cancel()
    // The link is signed: the store is told no key.
    return await fetch(new URL(link, address), {
      ...(part && { headers: part }),
      redirect: 'error',
      signal,
    })
  } catch {
    return null
  }
}

/** Return the bridge's answer, or null when it is away or too slow. */
export async function askBridge(
  { apiKey, bridgeUrl, deliver }: Settings,
  path: string,
  body?: unknown,
  longest = longestAnswer,
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
    return { status: response.status, body: await readJson(response.body, longest) }
  } catch {
    // Refused, reset, timed out: for whoever asked it is all the same.
    return null
  }
}
