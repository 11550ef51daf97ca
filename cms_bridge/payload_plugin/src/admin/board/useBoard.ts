'use client'
/** What is made of a storyboard's scenes, and how the cards of its form learn of it. */
import { useConfig } from '@payloadcms/ui'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'

import type { Id } from '../../documents.ts'
import type { Board, BoardMedium, Price } from '../../endpoints/contract.ts'
import { useEndpoints } from '../shared/api.ts'
import { keepAsking } from '../shared/keepAsking.ts'
import type { ApproveScene } from './SceneApproval.tsx'

/** Ask what is made, and again in each new situation; what was known before stays until then. */
export function useBoard(id: Id | undefined, situation: string): Board | null {
  const ask = useEndpoints()
  const [answer, setAnswer] = useState<null | { board: Board; id: Id }>(null)

  useEffect(() => {
    if (id === undefined) return undefined
    return keepAsking(
      (signal) => ask('board', { params: { id }, signal }),
      (reply) => {
        // While the service is away the cards show the words, as before anything was made.
        if (reply?.ok) setAnswer({ board: reply.answer, id })
        return null
      },
    )
  }, [ask, id, situation])

  return answer && answer.id === id ? answer.board : null
}

/** Return the function that says where a medium of a board is. */
export function useMediumAddress(): (medium: BoardMedium) => string {
  const { config } = useConfig()
  const api = `${config.serverURL}${config.routes.api}`
  return useCallback(({ address }) => api + address, [api])
}

/** What the panel of a storyboard knows, for the cards of its scenes. */
export interface Desk {
  board: Board | null
  price: null | Price
  /** How a scene is approved by itself; null where that is not theirs to do, or not to be done now. */
  approve: ApproveScene | null
  /** Whether the storyboard waits for somebody to approve it. */
  awaited: boolean
}

const desks = new Map<string, Desk>()
const readers = new Set<() => void>()
const emptyDesk: Desk = { board: null, price: null, approve: null, awaited: false }

/** Let the cards of a storyboard's scenes know what is made of them, and what they cost. */
export function useShownOnCards(
  id: Id | undefined,
  situation: string,
  { approve, awaited, price }: Omit<Desk, 'board'>,
): void {
  const board = useBoard(id, situation)
  useEffect(() => {
    if (id === undefined) return undefined
    desks.set(String(id), { approve, awaited, board, price })
    for (const tell of readers) tell()
    return () => void desks.delete(String(id))
  }, [approve, awaited, board, id, price])
}

/** Return what the panel of a storyboard knows. */
export function useDesk(id: Id | undefined): Desk {
  return useSyncExternalStore(
    subscribe,
    () => desks.get(String(id)) ?? emptyDesk,
    () => emptyDesk,
  )
}

function subscribe(tell: () => void): () => void {
  readers.add(tell)
  return () => void readers.delete(tell)
}
