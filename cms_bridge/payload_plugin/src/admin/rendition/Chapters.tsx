'use client'
/** The scenes of a film, each to be jumped to. */
import { type ReactNode, type RefCallback, useCallback, useState } from 'react'

import { formatLength } from '../shared/format.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/panel.css'

interface Chapter {
  /** Seconds from the film's beginning. */
  start: number
  title: string
}

/** Have a browser read the track that `ref` is given to, which it shows nowhere by itself. */
export function useChapters(): { chapters: Chapter[]; ref: RefCallback<HTMLTrackElement> } {
  const [chapters, setChapters] = useState<Chapter[]>([])
  const ref = useCallback<RefCallback<HTMLTrackElement>>((element) => {
    if (!element) return undefined
    const read = (): void => {
      setChapters(
        [...(element.track.cues ?? [])].map((cue) => ({
          start: cue.startTime,
          title: (cue as VTTCue).text,
        })),
      )
    }
    element.addEventListener('load', read)
    // A track that is off is not read at all.
    element.track.mode = 'hidden'
    if (element.readyState === HTMLTrackElement.LOADED) read()
    return () => element.removeEventListener('load', read)
  }, [])
  return { chapters, ref }
}

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
