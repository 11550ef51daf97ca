'use client'
/** Warnings, or the error that ended the work, in plain words. */
import { Banner } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import type { Problem } from '../../generated/events.ts'
import { translateProblem } from './translateProblem.ts'
import { useTranslator } from './useTranslator.ts'
import './panel.css'

export function Problems({
  problems,
  type,
}: {
  problems: readonly Problem[]
  type: 'error' | 'info'
}): ReactNode {
  const { language, t } = useTranslator()
  const sentences = [...new Set(problems.map((problem) => translateProblem(problem, language)))]
  if (sentences.length === 0) return null
  return (
    <Banner className="rw-banner" type={type}>
      {type === 'info' && <strong>{t('panel.warnings')}: </strong>}
      {sentences.map((sentence) => (
        <span className="rw-banner__sentence" key={sentence}>
          {sentence}
        </span>
      ))}
    </Banner>
  )
}
