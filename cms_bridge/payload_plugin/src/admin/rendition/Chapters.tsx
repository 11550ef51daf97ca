'use client'
/** The scenes of a film, each to be jumped to. */
import type { ReactNode } from 'react'

import { formatLength } from '../../player/length.ts'
import type { Chapter } from '../../player/useChapters.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/panel.css'

export function Chapters({
  chapters,
  seek,
}: {
  chapters: Chapter[]
  seek: (seconds: number) => void
}): ReactNode {
  const { t } = useTranslator()
  if (chapters.length < 2) return null
  return (
    <ol aria-label={t('scenes')} className="rw-chapters">
      {chapters.map(({ start, title }) => (
        <li key={start}>
          <button className="rw-chapters__scene" onClick={() => seek(start)} type="button">
            <span className="rw-chapters__time">{formatLength(start)}</span>
            <bdi>{title}</bdi>
          </button>
        </li>
      ))}
    </ol>
  )
}
