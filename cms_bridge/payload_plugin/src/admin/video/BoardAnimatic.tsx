'use client'
/** The animatic on a video's own page: the storyboard as a film, with what is typed on its cards. */
import { type ReactNode, useDeferredValue, useState } from 'react'

import type { Id, SceneRow } from '../../documents.ts'
import { Animatic } from '../animatic/Animatic.tsx'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/board.css'

interface Props {
  /** The storyboard's. */
  id: Id
  /** Whether it is played without being asked for: while there is something to approve. */
  isOpen: boolean
  /** As they stand on the cards; null where nothing is typed. */
  scenes: null | readonly SceneRow[]
}

export function BoardAnimatic({ id, isOpen, scenes }: Props): ReactNode {
  const { t } = useTranslator()
  const [open, setOpen] = useState(isOpen)
  const shown = useDeferredValue(scenes)
  // Fonts, pictures and sound are loaded for whoever looks at it, and for nobody else.
  return (
    <details
      className="rw-board__animatic"
      onToggle={(event) => setOpen(event.currentTarget.open)}
      open={open}
    >
      <summary>{t('animatic')}</summary>
      {open && <Animatic edit={shown ? { scenes: [...shown] } : {}} id={id} />}
    </details>
  )
}
