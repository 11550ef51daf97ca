'use client'
/** The status of a video while it is made: streamed where that is possible, and asked for besides. */
import { useEffect, useReducer, useState } from 'react'

import type { Id } from '../../documents.ts'
import type { VideoStatus } from '../../endpoints/contract.ts'
import { useAddresses } from './api.ts'
import {
  hear,
  jobToFollow,
  type Live,
  notBehind,
  nothingReached,
  reach,
  silent,
  withLive,
} from './live.ts'
import { ProgressStream } from './progressStream.ts'
import { type PolledStatus, useVideoStatus } from './useVideoStatus.ts'

export interface LiveStatus extends PolledStatus {
  live: Live
}

/** A glance at another tab ends no stream; a tab that is left open holds none. */
const hiddenMs = 30_000
/** A stream that is behind what was written meanwhile is dead: a laptop slept, or a line is gone. */
const behindMs = 10_000

export function useLiveStatus(id: Id | undefined, locale?: string): LiveStatus {
  const addressOf = useAddresses()
  const [live, tell] = useReducer(hear, silent)
  const { status: polled, ...poll } = useVideoStatus(id, locale, live)
  const [turn, setTurn] = useState(0)
  const [reached, setReached] = useState(nothingReached)
  const job = jobToFollow(polled)
  const known = polled?.rendition?.sequence ?? 0
  const isBehind = live.isLive && known > (live.newest?.sequence ?? 0)
  // Only what was known as a stream is begun: later ones are no reason for another.
  const [begun, setBegun] = useState({ job, known })
  if (begun.job !== job) setBegun({ job, known })

  useEffect(() => {
    if (id === undefined || begun.job === null || typeof EventSource === 'undefined') {
      return undefined
    }
    const stream = new ProgressStream({
      ...begun,
      job: begun.job,
      tell,
      open: (after) => {
        const query = { job: begun.job ?? '', after: String(after) }
        const address = addressOf('progress', { locale, params: { id }, query })
        return new EventSource(address, { withCredentials: true })
      },
    })
    let hidden: ReturnType<typeof setTimeout> | undefined
    const look = (): void => {
      clearTimeout(hidden)
      if (document.hidden) hidden = setTimeout(() => stream.close(), hiddenMs)
      else if (!stream.isOpen) stream.open()
    }
    document.addEventListener('visibilitychange', look)
    look()
    return () => {
      document.removeEventListener('visibilitychange', look)
      clearTimeout(hidden)
      stream.close()
    }
  }, [addressOf, begun, id, locale, turn])

  useEffect(() => {
    if (!isBehind) return undefined
    const timer = setTimeout(() => setTurn((count) => count + 1), behindMs)
    return () => clearTimeout(timer)
  }, [isBehind])

  const heard: null | VideoStatus = polled && withLive(polled, live)
  const furthest = reach(reached, heard?.rendition)
  if (furthest !== reached) setReached(furthest)
  return { ...poll, status: heard && notBehind(heard, furthest), live }
}
