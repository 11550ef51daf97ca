'use client'
/** The film's other forms, looked at again as long as one is being made. */
import { toast, useDocumentInfo } from '@payloadcms/ui'
import { useCallback, useEffect, useState } from 'react'

import { isOver } from '../../documents.ts'
import type { Export, exportActs } from '../../endpoints/contract.ts'
import { useEndpoints } from '../shared/api.ts'
import { translateProblem } from '../shared/translateProblem.ts'
import { useTranslator } from '../shared/useTranslator.ts'

const lookAgainMs = 2_000

export interface Exports {
  list: 'away' | Export[]
  refresh: () => void
  /** Do something about one; what is against it is told to the editor. */
  act: (one: Export, name: (typeof exportActs)[number]) => Promise<void>
}

export function useExports(): Exports {
  const { language, t } = useTranslator()
  const { id } = useDocumentInfo()
  const ask = useEndpoints()
  const [list, setList] = useState<'away' | Export[]>([])
  const [refreshes, setRefreshes] = useState(0)
  const refresh = useCallback(() => setRefreshes((count) => count + 1), [])

  useEffect(() => {
    if (id === undefined) return undefined
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (): Promise<void> => {
      const reply = await ask('exports', { params: { id }, signal: abort.signal }).catch(() => null)
      if (abort.signal.aborted) return
      setList(reply?.ok ? reply.answer : 'away')
      const isMoving = ({ status }: Export): boolean =>
        status !== 'storyboard_complete' && !isOver(status)
      const worthIt = !reply?.ok || reply.answer.some(isMoving)
      if (worthIt) timer = setTimeout(() => void look(), lookAgainMs)
    }
    void look()
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [ask, id, refreshes])

  const act = useCallback<Exports['act']>(
    async ({ id: one, toApprove }, name) => {
      if (id === undefined) return
      const params = { id, export: one, act: name }
      const json = JSON.stringify({ toApprove })
      const reply = await ask('exportAct', { params, json }).catch(() => null)
      if (!reply?.ok) {
        const problem = reply?.problem
        toast.error(problem ? translateProblem(problem, language) : t('panel.unreachable'))
      }
      refresh()
    },
    [ask, id, language, refresh, t],
  )
  return { list, refresh, act }
}
