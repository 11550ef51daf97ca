'use client'
/** The page that Payload's live preview shows of a video or a storyboard: the animatic alone. */
import { useConfig, useLocale } from '@payloadcms/ui'
import { type ReactNode, useDeferredValue, useEffect, useState } from 'react'

import type { Id } from '../../documents.ts'
import { Animatic } from '../animatic/Animatic.tsx'
import { useTranslator } from '../shared/useTranslator.ts'
import { useVideoStatus } from '../shared/useVideoStatus.ts'
import { isTyped, typedOf, type VideoValues } from './typed.ts'
import { usePreviewMessages } from './usePreviewMessages.ts'
import '../shared/panel.css'
import './preview.css'

interface Props {
  /** Of the document's collection. */
  collection: string
  id: Id
}

export function StoryboardPreview({ collection, id }: Props): ReactNode {
  const { form } = usePreviewMessages(collection, id)
  const edit = useDeferredValue(form)
  return (
    <main className="rw-preview">
      <Animatic edit={edit ?? {}} id={id} />
    </main>
  )
}

/** What is typed on the board is in the film at once; of the video's form, what needs no draft. */
export function VideoPreview({ collection, id }: Props): ReactNode {
  const { t } = useTranslator()
  const { board, form, saves } = usePreviewMessages(collection, id)
  const { refresh, status } = useVideoStatus(id)
  const storyboard = status?.storyboard?.id
  // A save may have made another film of it, and a board that is of another knows so first.
  const cause = `${String(saves)} ${String(board?.storyboard ?? '')}`
  useEffect(refresh, [cause, refresh])
  const saved = useSaved(collection, id, status?.submission)
  const typed = saved && form
  const scenes = String(board?.storyboard) === String(storyboard) ? board?.scenes : undefined
  const edit = useDeferredValue({
    ...(typed && typedOf(saved, form)),
    ...(scenes && { scenes: [...scenes] }),
  })
  return (
    <main className="rw-preview">
      {storyboard === undefined ? (
        <p className="rw-panel" role="status">
          {t(status ? 'preview.none' : 'panel.loading')}
        </p>
      ) : (
        <Animatic edit={edit} id={storyboard} key={storyboard} />
      )}
      {storyboard !== undefined && typed && isTyped(saved, form) && (
        <p className="rw-panel__help" role="status">
          {t('preview.typed')}
        </p>
      )}
    </main>
  )
}

/** Return the video as it was when this page was opened, or when it was last submitted. */
function useSaved(collection: string, id: Id, submission: number | undefined): null | VideoValues {
  const { config } = useConfig()
  const { code } = useLocale()
  const [saved, setSaved] = useState<null | VideoValues>(null)
  const locale = config.localization ? `&locale=${encodeURIComponent(code)}` : ''
  const address = `${config.serverURL}${config.routes.api}/${collection}/${String(id)}?depth=0&draft=true${locale}`

  useEffect(() => {
    if (submission === undefined) return undefined
    const abort = new AbortController()
    fetch(address, { credentials: 'include', signal: abort.signal })
      .then(async (response) => {
        if (response.ok) setSaved((await response.json()) as VideoValues)
      })
      // Left, or the server is away: what is typed into the video's form is then not seen.
      .catch(() => undefined)
    return () => abort.abort()
  }, [address, submission])

  return saved
}
