'use client'
/** What a storyboard costs as it stands in the form, asked for again once typing pauses. */
import { useEffect, useState } from 'react'

import type { Id } from '../../documents.ts'
import type { Price, StoryboardEdit } from '../../endpoints/contract.ts'
import type { Problem } from '../../generated/events.ts'
import { useEndpoints } from '../shared/api.ts'
import { awayAgainMs } from '../shared/keepAsking.ts'
import { isAway } from '../shared/reply.ts'

export interface Pricing {
  price: null | Price
  /** True while the price of what is shown is asked for; no more once the service is away. */
  loading: boolean
  /** Why there is no price, where the service said so. */
  problem: null | Problem
}

const pauseMs = 600

interface PriceAnswer {
  question: string
  price: null | Price
  problem: null | Problem
}

/**
 * Ask for the price of a storyboard with the changes given; `undefined` asks nothing.
 *
 * A price is shown only for the question it answers: never an older one for a newer text.
 */
export function usePrice(
  id: Id | undefined,
  edit: StoryboardEdit | undefined,
  situation = '',
): Pricing {
  const ask = useEndpoints()
  const [answer, setAnswer] = useState<null | PriceAnswer>(null)
  const json = edit && JSON.stringify(edit)
  const question = `${String(id)} ${situation} ${json ?? ''}`

  useEffect(() => {
    if (id === undefined || json === undefined) return undefined
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const askPrice = async (): Promise<void> => {
      const reply = await ask('price', { params: { id }, json, signal: abort.signal }).catch(
        () => null,
      )
      // Left, or asked anew.
      if (abort.signal.aborted) return
      if (reply && !isAway(reply)) {
        setAnswer({
          question,
          price: reply.ok ? reply.answer : null,
          problem: reply.ok ? null : reply.problem,
        })
        return
      }
      // None is shown until it can be told.
      setAnswer({ question, price: null, problem: null })
      timer = setTimeout(() => void askPrice(), awayAgainMs)
    }
    timer = setTimeout(() => void askPrice(), pauseMs)
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [ask, id, json, question])

  const current = answer?.question === question ? answer : null
  return {
    price: current?.price ?? null,
    loading: id !== undefined && json !== undefined && !current,
    problem: current?.problem ?? null,
  }
}
