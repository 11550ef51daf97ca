'use client'
/** The part of a player that a browser runs: the film, its chapters, and going on after a fault. */
import {
  type ReactNode,
  type RefCallback,
  type RefObject,
  useCallback,
  useRef,
  useState,
} from 'react'

import type { PlayerFilm } from './film.ts'
import type { PlayerLabels } from './labels.ts'
import { toTag } from './language.ts'
import { formatLength } from './length.ts'
import { useChapters } from './useChapters.ts'

interface Props {
  captionsOn: boolean
  film: PlayerFilm
  labels: PlayerLabels
  preload: 'auto' | 'metadata' | 'none'
  withChapters: boolean
}

/** Milliseconds within which a film that fails again is not tried again by itself. */
const patience = 10_000

export function FilmPlayer({ captionsOn, film, labels, preload, withChapters }: Props): ReactNode {
  const { chapters, ref: chaptersTrack } = useChapters()
  const { again, isAway, onError, onLoadedMetadata, onPause, onPlay, seek, ref, video } =
    useResumption()
  // A stream brings its captions along, and they would be offered twice.
  const [isStream, setStream] = useState(false)
  const { alt, captionsUrl, chaptersUrl, language, posterUrl, size, streamUrl, url } = film
  const tag = toTag(language)
  return (
    <>
      <video
        aria-label={alt || labels.film}
        className="reelwright-player__video"
        controls
        height={size?.height}
        onError={({ currentTarget, target }) => {
          // React tells it of its sources too: of the stream's, which another stands behind.
          if (target === currentTarget) onError()
        }}
        onLoadedMetadata={() => {
          setStream(Boolean(streamUrl) && video.current?.currentSrc.includes('.m3u8') === true)
          onLoadedMetadata()
        }}
        onPause={onPause}
        onPlay={onPlay}
        playsInline
        poster={posterUrl || undefined}
        preload={preload}
        ref={ref}
        style={{ blockSize: 'auto', display: 'block', inlineSize: '100%' }}
        width={size?.width}
      >
        {streamUrl && <source src={streamUrl} type="application/vnd.apple.mpegurl" />}
        {/* The browser says of the last one that it cannot be played, and nothing of the whole. */}
        <source onError={onError} src={url} type="video/mp4" />
        {captionsUrl && !isStream && (
          <track
            default={captionsOn}
            kind="captions"
            label={labels.captions}
            src={captionsUrl}
            srcLang={tag || undefined}
          />
        )}
        {chaptersUrl && withChapters && (
          <track
            kind="chapters"
            label={labels.chapters}
            ref={chaptersTrack}
            src={chaptersUrl}
            srcLang={tag || undefined}
          />
        )}
      </video>
      {isAway && (
        <p className="reelwright-player__away" role="alert">
          <span dir="auto">{labels.away}</span>{' '}
          <button onClick={again} type="button">
            {labels.again}
          </button>
        </p>
      )}
      {withChapters && chapters.length > 1 && (
        <nav aria-label={labels.chapters} className="reelwright-player__chapters">
          <ol>
            {chapters.map(({ start, title }) => (
              <li key={start}>
                <button onClick={() => seek(start)} type="button">
                  <time dateTime={`PT${String(start)}S`}>{formatLength(start)}</time>{' '}
                  <bdi>{title}</bdi>
                </button>
              </li>
            ))}
          </ol>
        </nav>
      )}
    </>
  )
}

interface State {
  isLoaded: boolean
  /** As was told: by the time that an error is, the browser's own controls have paused. */
  isPlaying: boolean
  /** Whether it is to play once it is loaded again, and from where. */
  playsOn: boolean
  resumeAt: null | number
  triedAt: number
}

interface Resumption {
  again: () => void
  isAway: boolean
  onError: () => void
  onLoadedMetadata: () => void
  onPause: () => void
  onPlay: () => void
  ref: RefCallback<HTMLVideoElement>
  seek: (seconds: number) => void
  video: RefObject<HTMLVideoElement | null>
}

/**
 * Go on where a film stopped that played before.
 *
 * The address of a film stays good, but leads to a link that ends after a while (an hour): on a page
 * that stays open longer the browser is refused what it has not loaded. Asked for from its address
 * once more, the film has a fresh link. One that fails at once, or again soon, is not there.
 */
function useResumption(): Resumption {
  const video = useRef<HTMLVideoElement>(null)
  const [isAway, setAway] = useState(false)
  const state = useRef<State>({
    isLoaded: false,
    isPlaying: false,
    playsOn: false,
    resumeAt: null,
    triedAt: -Infinity,
  })

  const ref = useCallback<RefCallback<HTMLVideoElement>>((element) => {
    video.current = element
    // It may have failed before anything listened: its page was rendered on the server.
    if (element?.networkState === 3) setAway(true)
    // Or it was loaded by then, and perhaps played.
    if (element && element.readyState > 0) {
      Object.assign(state.current, { isLoaded: true, isPlaying: !element.paused })
    }
  }, [])

  const load = (resumeAt: null | number, playsOn: boolean): void => {
    Object.assign(state.current, { isLoaded: false, resumeAt, playsOn, triedAt: Date.now() })
    setAway(false)
    video.current?.load()
  }
  return {
    again: () => load(state.current.resumeAt, true),
    isAway,
    onError: () => {
      const element = video.current
      const { isLoaded, isPlaying, triedAt } = state.current
      if (!element || !isLoaded) setAway(true)
      else if (Date.now() - triedAt > patience) load(element.currentTime, isPlaying)
      else {
        state.current.resumeAt = element.currentTime
        setAway(true)
      }
    },
    onLoadedMetadata: () => {
      const { playsOn, resumeAt } = state.current
      Object.assign(state.current, { isLoaded: true, resumeAt: null, playsOn: false })
      setAway(false)
      const element = video.current
      if (!element) return
      if (resumeAt) element.currentTime = resumeAt
      if (playsOn) void element.play().catch(() => undefined)
    },
    onPause: () => {
      state.current.isPlaying = false
    },
    onPlay: () => {
      state.current.isPlaying = true
    },
    ref,
    seek: (seconds) => {
      if (!video.current) return
      video.current.currentTime = seconds
      void video.current.play().catch(() => undefined)
    },
    video,
  }
}
