'use client'
/** A storyboard as a film: as it is, or as somebody edits it, before anything is paid for it. */
import type { ReactNode } from 'react'

import type { Id } from '../../documents.ts'
import type { StoryboardEdit } from '../../endpoints/contract.ts'
import { Problems } from '../shared/Problems.tsx'
import { useTranslator } from '../shared/useTranslator.ts'
import { AnimaticPlayer } from './AnimaticPlayer.tsx'
import { useTimeline } from './useTimeline.ts'
import '../shared/panel.css'
import './animatic.css'

interface Props {
  /** What differs from the storyboard that is saved. */
  edit: StoryboardEdit
  /** The storyboard's. */
  id: Id
}

export function Animatic({ edit, id }: Props): ReactNode {
  const { t } = useTranslator()
  const { animatic, away, problem } = useTimeline(id, edit)
  return (
    <section aria-label={t('animatic')} className="rw-panel rw-animatic">
      <div className="rw-panel__words">
        <h3 className="rw-animatic__title">{t('animatic')}</h3>
        <p className="rw-panel__help">{t('animatic.help')}</p>
      </div>
      {problem && <Problems problems={[problem]} type="error" />}
      {animatic ? (
        <AnimaticPlayer animatic={animatic} />
      ) : (
        !away && !problem && <p role="status">{t('animatic.loading')}</p>
      )}
      {away && <p role="status">{t('animatic.away')}</p>}
    </section>
  )
}
