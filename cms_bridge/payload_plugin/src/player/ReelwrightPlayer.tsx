/**
 * A film on a site's page: what there is to see, to hear and to read.
 *
 * Rendered on the server it hands on to the browser only what it shows, whatever else the rendition
 * that it is given holds.
 */
import type { ReactNode } from 'react'

import { type PlayerRendition, toFilm } from './film.ts'
import { FilmPlayer } from './FilmPlayer.tsx'
import { labelsIn, type PlayerLabels } from './labels.ts'
import { directionOf, toTag } from './language.ts'
import { Transcript } from './Transcript.tsx'

export interface ReelwrightPlayerProps {
  /** What is shown; without a film of it nothing is rendered. */
  rendition: null | PlayerRendition | undefined
  /** In place of the rendition's alternative text. */
  alt?: string
  /** The origin, and path, below which the browser reaches Payload, in place of that of the links. */
  base?: string
  /** Whether captions are shown from the start. */
  captionsOn?: boolean
  /** Whether the scenes are listed, each to be jumped to. */
  chapters?: boolean
  className?: string
  /** Words in place of the player's own, each by itself. */
  labels?: Partial<PlayerLabels>
  /** The film's language, where the rendition does not tell it or tells it wrong. */
  language?: string
  /** What the browser loads before anybody presses play. */
  preload?: 'auto' | 'metadata' | 'none'
  /** Whether what is said can be read below the film. */
  transcript?: boolean
}

export function ReelwrightPlayer({
  alt,
  base,
  captionsOn = false,
  chapters = true,
  className = '',
  labels: own,
  language,
  preload = 'metadata',
  rendition,
  transcript = true,
}: ReelwrightPlayerProps): ReactNode {
  const film = rendition && toFilm(rendition, { base, language })
  if (!film) return null
  const labels = labelsIn(film.language, own)
  const written = film.language && {
    dir: directionOf(film.language),
    lang: toTag(film.language),
  }
  return (
    <div className={`reelwright-player ${className}`.trim()} {...written}>
      <FilmPlayer
        captionsOn={captionsOn}
        film={{ ...film, alt: alt ?? film.alt }}
        key={film.url}
        labels={labels}
        preload={preload}
        withChapters={chapters}
      />
      {transcript && (
        <Transcript
          address={film.transcriptUrl}
          label={labels.transcript}
          said={rendition.transcript}
        />
      )}
    </div>
  )
}
