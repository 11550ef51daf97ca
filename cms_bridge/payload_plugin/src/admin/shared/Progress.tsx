'use client'
/** How far the work is, for eyes and for screen readers. */
import { type ReactNode, useId } from 'react'

import { useTranslator } from './useTranslator.ts'
import './panel.css'

export function Progress({ percent, detail }: { percent: number; detail?: string }): ReactNode {
  const { t } = useTranslator()
  const id = useId()
  return (
    <div className="rw-progress">
      <div
        aria-labelledby={id}
        aria-valuemax={100}
        aria-valuemin={0}
        aria-valuenow={percent}
        className="rw-progress__track"
        role="progressbar"
      >
        <div className="rw-progress__bar" style={{ inlineSize: `${String(percent)}%` }} />
      </div>
      <p className="rw-progress__words" id={id}>
        <span>{t('panel.progress', { percent })}</span>
        {detail && <span>{detail}</span>}
      </p>
    </div>
  )
}
