'use client'
/** What calls whose answer is lost may cost on top, where a project has something made by itself. */
import { useEffect, useState } from 'react'

import type { Id } from '../../documents.ts'
import type { Spending } from '../../endpoints/contract.ts'
import { useEndpoints } from './api.ts'

type Lost = Pick<Spending, 'lostAtMost'>

/** Ask it of a project, once a price is shown; null while nothing is known of it. */
export function useLost(project: Id | undefined, isPriced: boolean): Lost | null {
  const ask = useEndpoints()
  const [told, setTold] = useState<null | { lost: Lost; project: Id }>(null)
  useEffect(() => {
    if (project === undefined || !isPriced) return undefined
    const abort = new AbortController()
    ask('spending', { params: { id: project }, signal: abort.signal })
      .then((reply) => reply.ok && setTold({ lost: reply.answer, project }))
      // Left, or the server is away: the price stands without it, and the order names the price.
      .catch(() => undefined)
    return () => abort.abort()
  }, [ask, isPriced, project])
  return told?.project === project ? (told?.lost ?? null) : null
}
