import { describe, expect, test, vi } from 'vitest'

import { type Bounds, Places, relay } from '../../src/endpoints/relay.ts'

describe('places', () => {
  test('are as many as there are, and for one user fewer', () => {
    const places = new Places(3, 2)
    const first = places.take('ada')
    expect(first && places.take('ada')).not.toBeNull()
    expect(places.take('ada')).toBeNull()
    expect(places.take('bob')).not.toBeNull()
    expect(places.take('eve')).toBeNull()
    first?.leave()
    first?.leave()
    expect(places.take('eve')).not.toBeNull()
    expect(places.take('ada')).toBeNull()
  })

  test('may be none', () => {
    expect(new Places(0, 2).take('ada')).toBeNull()
  })
})

describe('a relay', () => {
  const bounds: Bounds = { lastsMs: 60_000, quietMs: 60_000, bytes: 1_000 }
  const byte = new Uint8Array(1)

  /** A source that gives for ever, as fast as it is asked. */
  function endless(): { source: ReadableStream<Uint8Array>; given: () => number } {
    let given = 0
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          given += 1
          controller.enqueue(byte)
        },
      },
      { highWaterMark: 0 },
    )
    return { source, given: () => given }
  }

  const quiet = (): ReadableStream<Uint8Array> => new ReadableStream({ start: () => undefined })

  async function readAll(stream: ReadableStream<Uint8Array>): Promise<number> {
    let bytes = 0
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) bytes += chunk.length
    return bytes
  }

  test('reads no faster than it is read', async () => {
    const { given, source } = endless()
    const stream = relay(source, new AbortController(), bounds, () => undefined)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(given()).toBe(0)
    const reader = stream.getReader()
    await reader.read()
    await reader.read()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(given()).toBe(2)
    await reader.cancel()
  })

  test.each<[string, Partial<Bounds>, () => ReadableStream<Uint8Array>, number]>([
    ['after so many bytes', { bytes: 5 }, () => endless().source, 5],
    ['after so much time', { lastsMs: 30 }, quiet, 0],
    ['after so long a silence', { quietMs: 30 }, quiet, 0],
  ])('ends %s, and what it was asked of with it', async (_, changes, source, bytes) => {
    const abort = new AbortController()
    const onEnd = vi.fn()
    expect(await readAll(relay(source(), abort, { ...bounds, ...changes }, onEnd))).toBe(bytes)
    expect(abort.signal.aborted).toBe(true)
    expect(onEnd).toHaveBeenCalledOnce()
  })

  test('ends for one who never read, or leaves', async () => {
    for (const leave of [
      (_: ReadableStream, abort: AbortController) => {
        abort.abort()
        return Promise.resolve()
      },
      (stream: ReadableStream) => stream.cancel(),
    ]) {
      const abort = new AbortController()
      const onEnd = vi.fn()
      const stream = relay(quiet(), abort, bounds, onEnd)
      await leave(stream, abort)
      expect(abort.signal.aborted).toBe(true)
      expect(onEnd).toHaveBeenCalledOnce()
    }
  })

  test('ends where its source breaks', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('Reset.')),
    })
    const onEnd = vi.fn()
    expect(await readAll(relay(broken, new AbortController(), bounds, onEnd))).toBe(0)
    expect(onEnd).toHaveBeenCalledOnce()
  })
})
