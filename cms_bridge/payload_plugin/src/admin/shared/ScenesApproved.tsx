'use client'
/** How many of a storyboard's scenes are approved, and who approved the whole. */
import type { ReactNode } from 'react'

import type { Price, VideoStatus } from '../../endpoints/contract.ts'
import { formatTime } from './format.ts'
import { approvedScenesOf } from './submission.ts'
import { type Translator, useTranslator } from './useTranslator.ts'
import './panel.css'

interface Props {
  price: null | Price
  status: VideoStatus
}

/** Where nobody approves scene by scene there is nothing to count. */
export function ScenesApproved({ price, status }: Props): ReactNode {
  const { t } = useTranslator()
  const { done, total } = approvedScenesOf(status, price)
  if (done === 0 && !status.storyboard?.byScene) return null
  return <p className="rw-panel__help">{t('panel.scenesApproved', { done, total })}</p>
}

/** Return who approved the whole and when, as facts of a panel; none where nobody has. */
export function approvalFacts(
  {
    approvedAt,
    approvedBy,
  }: Pick<NonNullable<VideoStatus['storyboard']>, 'approvedAt' | 'approvedBy'>,
  { language, t }: Translator,
): [string, string][] {
  if (!approvedBy) return []
  const when = approvedAt ? formatTime(approvedAt, language) : ''
  return [
    [
      t('approvedBy'),
      new Intl.ListFormat(language, { type: 'unit' }).format([approvedBy, when].filter(Boolean)),
    ],
  ]
}
