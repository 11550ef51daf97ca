'use client'
/** What an endpoint answers with, asked for once, and again while the service is away. */
import { useEffect, useState } from 'react'

import type { Id } from '../../documents.ts'
import type { Answers } from '../../endpoints/contract.ts'
import { useEndpoints } from './api.ts'
import { keepAsking } from './keepAsking.ts'

/**
 * Return the answer; 'away' while it cannot be told, and undefined until one of it is known.
 *
 * `id` is the document that the endpoint is of: null where it is of none, and undefined, for a
 * document that is not saved yet, asks nothing.
 */
export function useAnswer<Name extends keyof Answers>(
  name: Name,
  id: Id | null | undefined,
): 'away' | Answers[Name] | undefined {
  const ask = useEndpoints()
  const [answer, setAnswer] = useState<'away' | Answers[Name]>()
  useEffect(() => {
    if (id === undefined) return undefined
    return keepAsking(
      (signal) => ask(name, { params: id === null ? {} : { id }, signal }),
      (reply) => {
        setAnswer(reply?.ok ? reply.answer : 'away')
        return null
      },
    )
  }, [ask, id, name])
  return answer
}
