'use client'
/** Shows in Payload's live preview what is typed on the cards of a board, which are in no form. */
import { useLivePreviewContext } from '@payloadcms/ui'
import { useCallback, useEffect, useRef } from 'react'

import type { Id, SceneRow } from '../../documents.ts'
import { scenesMessage } from '../shared/previewMessages.ts'

/** Called with what stands on a scene's card, and with null once it is saved or left. */
export type TellTyped = (row: SceneRow['id'], typed: null | Partial<SceneRow>) => void

const noScenes: readonly SceneRow[] = []

export function usePreviewed(
  storyboard: Id | undefined,
  rows: readonly SceneRow[] = noScenes,
): TellTyped {
  const { appIsReady, iframeRef, isLivePreviewing, popupRef, previewWindowType, url } =
    useLivePreviewContext()
  const scenes = useRef(rows)
  const typed = useRef(new Map<SceneRow['id'], Partial<SceneRow>>())

  const tell = useCallback(() => {
    // A page of the host's own, of another origin, is told nothing but what Payload tells it.
    const listens = isLivePreviewing && appIsReady && url?.startsWith(`${location.origin}/`)
    if (!listens || storyboard === undefined || scenes.current.length === 0) return
    const page =
      previewWindowType === 'popup' ? popupRef?.current : iframeRef.current?.contentWindow
    const shown = scenes.current.map((row) => ({ ...row, ...typed.current.get(row.id) }))
    page?.postMessage(scenesMessage(storyboard, shown), location.origin)
  }, [appIsReady, iframeRef, isLivePreviewing, popupRef, previewWindowType, storyboard, url])

  useEffect(() => {
    scenes.current = rows
    tell()
  }, [rows, tell])

  return useCallback(
    (row, words) => {
      if (words) typed.current.set(row, words)
      else typed.current.delete(row)
      tell()
    },
    [tell],
  )
}
