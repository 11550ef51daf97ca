'use client'
/** The films of a video in every language, asked for again as long as one may change by itself. */
import { useConfig, useDocumentInfo } from '@payloadcms/ui'
import { useEffect, useState } from 'react'

import type { FilmLanguage } from '../../endpoints/contract.ts'
import { useEndpoints } from '../shared/api.ts'
import { keepAsking } from '../shared/keepAsking.ts'
import { viewOf } from '../shared/submission.ts'

/** Return the films, none where Payload keeps words in one language; `situation` asks anew. */
export function useLanguages(situation: string): FilmLanguage[] {
  const ask = useEndpoints()
  const { id } = useDocumentInfo()
  const { config } = useConfig()
  const [languages, setLanguages] = useState<FilmLanguage[]>([])
  const hasLocales = Boolean(config.localization)

  useEffect(() => {
    if (id === undefined || !hasLocales) return undefined
    return keepAsking(
      (signal) => ask('languages', { params: { id }, signal }),
      (reply) => {
        // While the server is away, what was read before is shown.
        if (!reply?.ok) return null
        setLanguages(reply.answer)
        const waits = reply.answer.map(({ status }) => viewOf(status).pollAfterMs)
        const next = Math.min(...waits.filter((ms) => ms > 0))
        return Number.isFinite(next) ? next : null
      },
    )
  }, [ask, hasLocales, id, situation])

  return languages
}
