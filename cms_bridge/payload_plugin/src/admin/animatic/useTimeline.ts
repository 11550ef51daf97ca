'use client'
/** The timeline of a storyboard as it stands in the form, asked for again while it is typed. */
import { useConfig } from '@payloadcms/ui'
import { useEffect, useState } from 'react'

import { withAddresses } from '../../animatic/addresses.ts'
import type { Id } from '../../documents.ts'
import type { Animatic, StoryboardEdit } from '../../endpoints/contract.ts'
import type { Problem } from '../../generated/events.ts'
import { useEndpoints } from '../shared/api.ts'

export interface Timeline {
  /** The newest that is known: while another is laid out, the one before it is shown. */
  animatic: Animatic | null
  away: boolean
  problem: null | Problem
}

/** With the way there and back, a change is seen within half a second of the last key. */
const pauseMs = 200

export function useTimeline(id: Id | undefined, edit: StoryboardEdit | undefined): Timeline {
  const ask = useEndpoints()
  const { config } = useConfig()
  const api = `${config.serverURL}${config.routes.api}`
  const [timeline, setTimeline] = useState<Timeline>({
    animatic: null,
    away: false,
    problem: null,
  })
  const json = edit && JSON.stringify(edit)

  useEffect(() => {
    if (id === undefined || json === undefined) return undefined
    const abort = new AbortController()
    const askTimeline = async (): Promise<void> => {
      try {
        const reply = await ask('timeline', { params: { id }, json, signal: abort.signal })
        setTimeline((before) => ({
          animatic: reply.ok
            ? {
                ...reply.answer,
                timeline: withAddresses(reply.answer.timeline, (path) => api + path),
              }
            : before.animatic,
          away: !reply.ok && !reply.problem,
          problem: reply.ok ? null : reply.problem,
        }))
      } catch {
        if (!abort.signal.aborted) setTimeline((before) => ({ ...before, away: true }))
      }
    }
    const timer = setTimeout(() => void askTimeline(), pauseMs)
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [api, ask, id, json])

  return timeline
}
