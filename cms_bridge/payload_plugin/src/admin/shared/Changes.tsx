'use client'
/** What differs from the film before, scene by scene. */
import type { ReactNode } from 'react'

import type { Change } from '../../endpoints/contract.ts'
import { type Translator, useTranslator } from './useTranslator.ts'
import './panel.css'

interface Props {
  changes: readonly Change[]
  title: string
}

export function Changes({ changes, title }: Props): ReactNode {
  const translator = useTranslator()
  if (changes.length === 0) return null
  return (
    <div className="rw-changes">
      <p className="rw-changes__title">{title}</p>
      <ul className="rw-changes__list">
        {changes.map((change, index) => (
          <li key={index}>{describe(change, translator)}</li>
        ))}
      </ul>
    </div>
  )
}

function describe(change: Change, translator: Translator): string {
  const { t } = translator
  const { number } = change
  const where = number === null ? t('changes.whole') : t('scene.numbered', { number })
  return `${where}: ${tellChange(change, translator)}`
}

/** Return what became of a scene, without saying which. */
export function tellChange({ change, parts }: Change, { language, t }: Translator): string {
  const what = parts.map((part) => t(`changes.part.${part}`))
  const told = change === 'edited' ? what : [t(`changes.${change}`), ...what]
  return new Intl.ListFormat(language).format(told)
}
