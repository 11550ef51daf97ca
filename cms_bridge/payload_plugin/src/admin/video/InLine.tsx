'use client'
/** The place of a video that waits, and when about it begins. */
import { type ReactNode, useEffect, useState } from 'react'

import type { Id } from '../../documents.ts'
import { useEndpoints } from '../shared/api.ts'
import { formatPlace } from '../shared/format.ts'
import { useTranslator } from '../shared/useTranslator.ts'

/** The service keeps what it tells for a while. */
const askAfterMs = 10_000

export function InLine({ video }: { video: Id }): ReactNode {
  const ask = useEndpoints()
  const { language } = useTranslator()
  const [words, setWords] = useState<null | string>(null)

  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    async function poll(): Promise<void> {
      if (!document.hidden) {
        const reply = await ask('line', { params: { id: video }, signal: abort.signal }).catch(
          () => null,
        )
        if (abort.signal.aborted) return
        setWords(reply?.ok ? formatPlace(reply.answer, Date.now(), language) : null)
      }
      timer = setTimeout(() => void poll(), askAfterMs)
    }
    void poll()
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [ask, language, video])

  return words ? <p className="rw-panel__help">{words}</p> : null
}
