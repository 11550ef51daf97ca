'use client'
/** The road from the brief to the video, and where on it the work is. */
import type { ReactNode } from 'react'

import { useTranslator } from '../shared/useTranslator.ts'
import { steps, type View } from '../shared/submission.ts'
import '../shared/panel.css'

export function Stepper({ view }: { view: View }): ReactNode {
  const { t } = useTranslator()
  return (
    <ol className="rw-steps">
      {steps.map((step, index) => {
        const place = index < view.step ? 'done' : index === view.step ? 'now' : 'ahead'
        return (
          <li
            aria-current={place === 'now' ? 'step' : undefined}
            className={`rw-steps__step rw-steps__step--${place} rw-tone--${view.tone}`}
            key={step}
          >
            <span aria-hidden className="rw-steps__mark" />
            {t(step)}
          </li>
        )
      })}
    </ol>
  )
}
