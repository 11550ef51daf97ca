'use client'
/** What a storyboard costs as it stands in the form, asked for again once typing pauses. */
import { useConfig } from '@payloadcms/ui'
import { useEffect, useState } from 'react'

import type { Price } from '../../endpoints/price.ts'
import type { Problem } from '../../generated/events.ts'
import type { Id } from '../../documents.ts'
import { readProblem } from '../shared/answers.ts'

export interface Pricing {
  price: null | Price
  /** True while the price of what is shown is not known yet. */
  asking: boolean
  /** Why there is no price, where the service said so. */
  problem: null | Problem
}

const pauseMs = 600

interface Answered {
  question: string
  price: null | Price
  problem: null | Problem
}

/**
 * Ask for the price of a storyboard with the changes given; `undefined` asks nothing.
 *
 * A price is shown only for the question it answers: never an older one for a newer text.
 */
export function usePrice(id: Id | undefined, edited: object | undefined, about = ''): Pricing {
  const { config } = useConfig()
  const [answered, setAnswered] = useState<Answered | null>(null)
  const body = edited && JSON.stringify(edited)
  const question = `${String(id)} ${about} ${body ?? ''}`
  const address = `${config.serverURL}${config.routes.api}/reelwright/storyboards/${String(id)}/price`
  const wanted = id !== undefined && body !== undefined

  useEffect(() => {
    if (!wanted) return undefined
    const leaving = new AbortController()
    const ask = async (): Promise<void> => {
      try {
        const response = await fetch(address, {
          method: 'POST',
          credentials: 'include',
          headers: { 'content-type': 'application/json' },
          body,
          signal: leaving.signal,
        })
        const price = response.ok ? ((await response.json()) as Price) : null
        const problem = response.ok ? null : await readProblem(response)
        setAnswered({ question, price, problem })
      } catch {
        // Left or asked anew; or the server is away, and then the price known before is shown.
        if (!leaving.signal.aborted) setAnswered({ question, price: null, problem: null })
      }
    }
    const timer = setTimeout(() => void ask(), pauseMs)
    return () => {
      leaving.abort()
      clearTimeout(timer)
    }
  }, [address, body, question, wanted])

  const current = answered?.question === question ? answered : null
  return {
    price: current?.price ?? null,
    asking: wanted && !current,
    problem: current?.problem ?? null,
  }
}
