'use client'
/** What the form of a document says of it to its live preview, while somebody types. */
import { useAuth } from '@payloadcms/ui'
import { useEffect, useState } from 'react'

import type { Id, SceneRow } from '../../documents.ts'
import { readMessage, readyMessage } from '../shared/previewMessages.ts'

export interface Told {
  /** The values of the form; null as long as none were told. */
  form: null | Record<string, unknown>
  /** How often something was saved. */
  saves: number
  /** The scenes on the board of a video, and whose they are. */
  board: null | { scenes: readonly SceneRow[]; storyboard: Id }
}

export function usePreviewMessages(collection: string, id: Id): Told {
  const { refreshCookie } = useAuth()
  const [told, setTold] = useState<Told>({ form: null, saves: 0, board: null })

  useEffect(() => {
    const editor = (window.parent === window ? window.opener : window.parent) as null | Window
    if (!editor) return undefined
    const wanted = { collection, id, origin: location.origin, source: editor }
    const listen = (event: MessageEvent): void => {
      const message = readMessage(event, wanted)
      switch (message?.kind) {
        case 'form':
          // Whoever types over there is here as well: this page is not to end their session.
          refreshCookie()
          setTold((before) => ({ ...before, form: message.values }))
          break
        case 'saved':
          setTold((before) => ({ ...before, saves: before.saves + 1 }))
          break
        case 'scenes':
          setTold((before) => ({ ...before, board: message }))
          break
        default:
      }
    }
    window.addEventListener('message', listen)
    editor.postMessage(readyMessage, location.origin)
    return () => window.removeEventListener('message', listen)
  }, [collection, id, refreshCookie])

  return told
}
