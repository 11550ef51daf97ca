'use client'
/** A storyboard with all of its fields, over the page of its video. */
import { useDocumentDrawer } from '@payloadcms/ui'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'

import type { Id, SceneRow } from '../../documents.ts'
import { WantedScene } from '../board/wantedScene.ts'

interface BoardDrawer {
  drawer: ReactNode
  /** Open it where a scene stands, or at its beginning. */
  open: (row?: SceneRow['id']) => void
}

/** `changed` is called after each save in it, and once it is closed: approving saves no form. */
export function useBoardDrawer(slug: string, id: Id, changed: () => void): BoardDrawer {
  const [Drawer, , { isDrawerOpen, openDrawer }] = useDocumentDrawer({ collectionSlug: slug, id })
  const [wanted, setWanted] = useState<null | string>(null)
  const tell = useRef(changed)
  useEffect(() => {
    tell.current = changed
  }, [changed])

  useEffect(() => {
    if (!isDrawerOpen) return undefined
    return () => tell.current()
  }, [isDrawerOpen])

  const open = useCallback<BoardDrawer['open']>(
    (row) => {
      setWanted(row ?? null)
      openDrawer()
    },
    [openDrawer],
  )
  const drawer = (
    <WantedScene value={wanted}>
      <Drawer onSave={() => tell.current()} />
    </WantedScene>
  )
  return { drawer, open }
}
