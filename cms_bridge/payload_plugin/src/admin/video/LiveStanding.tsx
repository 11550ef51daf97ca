'use client'
/** How a video stands in the cell of a list, followed for as long as it changes by itself. */
import { Pill } from '@payloadcms/ui'
import { type ReactNode, useEffect, useState } from 'react'

import type { Standing } from '../../endpoints/contract.ts'
import { useEndpoints } from '../shared/api.ts'
import { StandingsWatch } from './standingsWatch.ts'

/** One for the page, however many cells it has. */
const watch = new StandingsWatch(5_000, () => document.hidden)

export function LiveStanding({ id, rendered }: { id: string; rendered: Standing }): ReactNode {
  const ask = useEndpoints()
  const [told, setTold] = useState(rendered)
  const [last, setLast] = useState(rendered)
  // A list that is rendered anew knows better than what was told before.
  if (last !== rendered) {
    setLast(rendered)
    setTold(rendered)
  }
  const { isMoving, style, title, words } = told

  useEffect(() => {
    if (!isMoving) return undefined
    return watch.add(id, setTold, async (ids) => {
      const reply = await ask('standings', { params: {}, query: { ids: ids.join(',') } })
      return reply.ok ? reply.answer : {}
    })
  }, [ask, id, isMoving])

  const pill = (
    <Pill pillStyle={style} size="small">
      {words}
    </Pill>
  )
  return title ? <span title={title}>{pill}</span> : pill
}
