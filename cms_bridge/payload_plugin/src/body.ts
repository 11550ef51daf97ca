/** Bodies of requests and responses, read as raw bytes and never past a limit. */
import { parseJson } from './json.ts'

/** Return the bytes, or null when there are more than the limit; the rest is left unread. */
export async function readBounded(
  body: null | ReadableStream<Uint8Array>,
  limit: number,
): Promise<Buffer | null> {
  if (!body) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    size += value.byteLength
    if (size > limit) {
      await reader.cancel()
      return null
    }
    chunks.push(value)
  }
}

/** Return the JSON, or undefined for what is too long or not JSON. */
export async function readJson(
  body: null | ReadableStream<Uint8Array>,
  limit: number,
): Promise<unknown> {
  const bytes = await readBounded(body, limit)
  return bytes ? parseJson(bytes.toString('utf8')) : undefined
}
