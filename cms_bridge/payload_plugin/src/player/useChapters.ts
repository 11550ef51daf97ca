/** The chapters of a film, which browsers read and show nowhere by themselves. */
import { type RefCallback, useCallback, useState } from 'react'

export interface Chapter {
  /** Seconds from the film's beginning. */
  start: number
  title: string
}

/** Have a browser read the track that `ref` is given to. */
export function useChapters(): { chapters: Chapter[]; ref: RefCallback<HTMLTrackElement> } {
  const [chapters, setChapters] = useState<Chapter[]>([])
  const ref = useCallback<RefCallback<HTMLTrackElement>>((element) => {
    if (!element) return undefined
    const read = (): void => {
      setChapters(
        [...(element.track.cues ?? [])].map((cue) => ({
          start: cue.startTime,
          // As text: the file escapes what is no letter of it, and marks directions.
          title: (cue as VTTCue).getCueAsHTML().textContent,
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
