'use client'
/** The status of a video, asked for again as long as something may change by itself. */
import { useConfig } from '@payloadcms/ui'
import { useCallback, useEffect, useState } from 'react'

import type { VideoStatus } from '../../endpoints/status.ts'
import { viewOf } from './view.ts'

export interface Watched {
  status: null | VideoStatus
  /** True while the last look failed; the status before it is still shown. */
  away: boolean
  refresh: () => void
}

/** Look at the status now, and again as `viewOf` says; a hidden tab waits until it is seen. */
export function useVideoStatus(id: number | string | undefined): Watched {
  const { config } = useConfig()
  const [status, setStatus] = useState<null | VideoStatus>(null)
  const [away, setAway] = useState(false)
  const [look, setLook] = useState(0)
  const refresh = useCallback(() => setLook((count) => count + 1), [])
  const address = `${config.serverURL}${config.routes.api}/reelwright/videos/${String(id)}/status`

  useEffect(() => {
    if (id === undefined) return undefined
    const leaving = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const again = (ms: number): void => {
      if (ms > 0 && !leaving.signal.aborted) timer = setTimeout(() => void ask(), ms)
    }
    async function ask(): Promise<void> {
      if (document.hidden) {
        again(1_000)
        return
      }
      try {
        const response = await fetch(address, {
          credentials: 'include',
          signal: leaving.signal,
        })
        if (!response.ok) throw new Error(String(response.status))
        const answer = (await response.json()) as VideoStatus
        setStatus(answer)
        setAway(false)
        again(viewOf(answer).lookAgainMs)
      } catch {
        // Left, signed out, or a server that restarts: keep what is shown and ask again.
        if (leaving.signal.aborted) return
        setAway(true)
        again(4_000)
      }
    }
    void ask()
    return () => {
      leaving.abort()
      clearTimeout(timer)
    }
  }, [address, id, look])

  return { status, away, refresh }
}
