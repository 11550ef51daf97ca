'use client'
/** The scene that somebody wants to see of a storyboard that opens: its row's id, or none. */
import { createContext, type RefObject, useContext, useEffect, useRef } from 'react'

export const WantedScene = createContext<null | string>(null)

/** Return what is to stand on a scene's row: it comes into view where that scene is wanted. */
export function useWantedScene<T extends Element>(
  row: null | string | undefined,
): RefObject<null | T> {
  const place = useRef<T>(null)
  const wanted = useContext(WantedScene)
  const isWanted = wanted !== null && row === wanted
  useEffect(() => {
    if (isWanted) place.current?.scrollIntoView({ block: 'start' })
  }, [isWanted])
  return place
}
