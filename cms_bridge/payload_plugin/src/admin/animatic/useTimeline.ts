'use client'
/** The timeline of a storyboard as it stands in the form, asked for again while it is typed. */
import { useConfig } from '@payloadcms/ui'
import { useEffect, useRef, useState } from 'react'

import { withAddresses } from '../../animatic/addresses.ts'
import type { Id } from '../../documents.ts'
import type { Animatic, StoryboardEdit } from '../../endpoints/contract.ts'
import type { Problem } from '../../generated/events.ts'
import type { TimelinePreview } from '../../generated/timeline.ts'
import { useEndpoints } from '../shared/api.ts'
import { awayAgainMs } from '../shared/keepAsking.ts'
import { isAway } from '../shared/reply.ts'
import { haveRead, isUnread, waitFor } from './readings.ts'

export interface Timeline {
  /** The newest that is known: while another is laid out, the one before it is shown. */
  animatic: Animatic | null
  away: boolean
  problem: null | Problem
}

/** With the way there and back, a change is seen within half a second of the last key. */
const pauseMs = 200
/** Whoever writes is not read to before the sentence is likely to be done. */
const sentenceMs = 1_500

export function useTimeline(id: Id, edit: StoryboardEdit): Timeline {
  const ask = useEndpoints()
  const { config } = useConfig()
  const api = `${config.serverURL}${config.routes.api}`
  const [timeline, setTimeline] = useState<Timeline>({
    animatic: null,
    away: false,
    problem: null,
  })
  const json = JSON.stringify(edit)
  /** The language in which no free voice speaks, once that was said. */
  const silent = useRef('')

  useEffect(() => {
    const abort = new AbortController()
    const { signal } = abort
    const askTimeline = async (): Promise<'away' | null | TimelinePreview> => {
      try {
        const reply = await ask('timeline', { params: { id }, json, signal })
        setTimeline((before) => ({
          animatic: reply.ok
            ? {
                ...reply.answer,
                timeline: withAddresses(reply.answer.timeline, (path) => api + path),
              }
            : before.animatic,
          away: isAway(reply),
          problem: reply.ok || isAway(reply) ? null : reply.problem,
        }))
        return reply.ok ? reply.answer.timeline : isAway(reply) ? 'away' : null
      } catch {
        if (!signal.aborted) setTimeline((before) => ({ ...before, away: true }))
        return 'away'
      }
    }
    const tell = async (): Promise<void> => {
      await waitFor(pauseMs, signal)
      let told = await askTimeline()
      while (told === 'away') {
        await waitFor(awayAgainMs, signal)
        told = await askTimeline()
      }
      if (!told || silent.current === told.locale || !isUnread(told)) return
      await waitFor(sentenceMs - pauseMs, signal)
      const hasVoice = await haveRead({
        ask: async () => {
          const reply = await ask('reading', { params: { id }, json, signal })
          return reply.ok ? reply.answer : null
        },
        heard: async () => {
          await askTimeline()
        },
        wait: (ms) => waitFor(ms, signal),
      })
      silent.current = hasVoice ? '' : told.locale
    }
    // Called off by the next key or, where nobody answers, done without: the timeline says so.
    tell().catch(() => undefined)
    return () => abort.abort()
  }, [api, ask, id, json])

  return timeline
}
