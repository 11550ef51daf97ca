'use client'
/** The status of a video, asked for again as long as something may change by itself. */
import { useCallback, useEffect, useState } from 'react'

import type { Id } from '../../documents.ts'
import type { VideoStatus } from '../../endpoints/contract.ts'
import { useEndpoints } from './api.ts'
import { pollAfterMs, type Pace } from './live.ts'

export interface PolledStatus {
  status: null | VideoStatus
  /** True while the last request failed; the status before it is still shown. */
  unreachable: boolean
  refresh: () => void
}

const unheard: Pace = { isLive: false, news: 0 }

/**
 * Ask for the status now, and again as `pollAfterMs` says; a hidden tab waits until it is seen.
 *
 * It is that of the film in the locale given, or else in the one that is shown.
 */
export function useVideoStatus(
  id: Id | undefined,
  locale?: string,
  { isLive, news }: Pace = unheard,
): PolledStatus {
  const ask = useEndpoints()
  const [status, setStatus] = useState<null | VideoStatus>(null)
  const [unreachable, setUnreachable] = useState(false)
  const [refreshes, setRefreshes] = useState(0)
  const refresh = useCallback(() => setRefreshes((count) => count + 1), [])

  useEffect(() => {
    if (id === undefined) return undefined
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const pollAfter = (ms: number): void => {
      if (ms > 0 && !abort.signal.aborted) timer = setTimeout(() => void poll(), ms)
    }
    async function poll(): Promise<void> {
      if (id === undefined) return
      if (document.hidden) {
        pollAfter(1_000)
        return
      }
      try {
        const reply = await ask('status', { locale, params: { id }, signal: abort.signal })
        if (!reply.ok) throw new Error(reply.problem?.message)
        setStatus(reply.answer)
        setUnreachable(false)
        pollAfter(pollAfterMs(reply.answer, { isLive, news }))
      } catch {
        // Left, signed out, or a server that restarts: keep what is shown and ask again.
        if (abort.signal.aborted) return
        setUnreachable(true)
        pollAfter(4_000)
      }
    }
    void poll()
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [ask, id, isLive, locale, news, refreshes])

  return { status, unreachable, refresh }
}
