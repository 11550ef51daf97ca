'use client'
/** Who may approve, for one who may not. */
import type { ReactNode } from 'react'

import { useTranslator } from './useTranslator.ts'
import './panel.css'

export function Approvers({ names }: { names: readonly string[] }): ReactNode {
  const { language, t } = useTranslator()
  if (names.length === 0) return null
  const listed = new Intl.ListFormat(language, { type: 'disjunction' }).format(names)
  return <p className="rw-panel__help">{t('panel.approvers', { names: listed })}</p>
}
