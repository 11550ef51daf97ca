'use client'
/** The animatic in its storyboard: the film as it stands in the form, before it is paid for. */
import { useAllFormFields, useDocumentInfo } from '@payloadcms/ui'
import { reduceFieldsToValues } from 'payload/shared'
import { type ReactNode, useDeferredValue } from 'react'

import type { StoryboardDoc } from '../../documents.ts'
import { Problems } from '../shared/Problems.tsx'
import { useTranslator } from '../shared/useTranslator.ts'
import { AnimaticPlayer } from './AnimaticPlayer.tsx'
import { useTimeline } from './useTimeline.ts'
import '../shared/panel.css'
import './animatic.css'

export function AnimaticPanel(): ReactNode {
  const { data } = useDocumentInfo()
  const { t } = useTranslator()
  const storyboard = data as StoryboardDoc | undefined
  const [fields] = useAllFormFields()
  const edit = useDeferredValue(fields)
  const { animatic, away, problem } = useTimeline(
    storyboard?.id,
    storyboard?.id === undefined ? undefined : reduceFieldsToValues(edit, true),
  )
  if (storyboard?.id === undefined) return null
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
