'use client'
/** Shows in Payload's live preview what is typed on the cards of a board, which are in no form. */
import { useLivePreviewContext } from '@payloadcms/ui'
import { useEffect } from 'react'

import type { Id, SceneRow } from '../../documents.ts'
import { scenesMessage } from '../shared/previewMessages.ts'

export function usePreviewed(storyboard: Id | undefined, scenes: readonly SceneRow[]): void {
  const { appIsReady, iframeRef, isLivePreviewing, popupRef, previewWindowType, url } =
    useLivePreviewContext()
  useEffect(() => {
    // A page of the host's own, of another origin, is told nothing but what Payload tells it.
    const listens = isLivePreviewing && appIsReady && url?.startsWith(`${location.origin}/`)
    if (!listens || storyboard === undefined || scenes.length === 0) return
    const page =
      previewWindowType === 'popup' ? popupRef?.current : iframeRef.current?.contentWindow
    page?.postMessage(scenesMessage(storyboard, scenes), location.origin)
  }, [
    appIsReady,
    iframeRef,
    isLivePreviewing,
    popupRef,
    previewWindowType,
    scenes,
    storyboard,
    url,
  ])
}
