'use client'
/** The finished video, to watch, to read and to take along. */
import { Button } from '@payloadcms/ui'
import { type ReactNode, useEffect, useRef, useState } from 'react'

import type { RenditionDoc } from '../../documents.ts'
import { Facts } from '../shared/Facts.tsx'
import { formatBytes, formatLength } from '../shared/format.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { useChapters } from '../../player/useChapters.ts'
import { Chapters } from './Chapters.tsx'
import { pauseBefore } from './tries.ts'
import { Transcript } from './Transcript.tsx'
import '../shared/panel.css'

export function Player({ rendition }: { rendition: RenditionDoc }): ReactNode {
  const { language, t } = useTranslator()
  const { captionsUrl, chaptersUrl, downloadUrl, file, posterUrl, transcriptUrl, url } = rendition
  const video = useRef<HTMLVideoElement>(null)
  const { chapters, ref: chaptersTrack } = useChapters()
  // The film that could not be played, and how often it was tried again by itself.
  const [failed, setFailed] = useState<null | number>(null)
  const [tried, setTried] = useState({ film: 0, tries: 0 })
  const number = file?.number ?? 1
  const tries = tried.film === number ? tried.tries : 0
  const address = `${url ?? ''}?number=${String(number)}`
  const isAway = failed === number
  const playAgain = (): void => {
    setFailed(null)
    setTried({ film: number, tries: 0 })
  }
  useEffect(() => {
    const pause = pauseBefore(tries)
    if (!isAway || pause === null) return undefined
    const abort = new AbortController()
    const look = async (): Promise<void> => {
      if (document.hidden || !(await canBeWatched(address, abort.signal))) return
      // A way to it is not the film: where that fails, there is a longer pause before the next try.
      setFailed(null)
      setTried({ film: number, tries: tries + 1 })
    }
    const timer = setInterval(() => void look(), pause)
    return () => {
      abort.abort()
      clearInterval(timer)
    }
  }, [address, isAway, number, tries])
  if (!file || !url) return null
  const { bytes, duration, height, width } = file
  const facts: (readonly [string, string])[] = []
  if (duration) facts.push([t('panel.duration'), formatLength(duration)])
  if (width && height) facts.push([t('panel.picture'), `${String(width)} × ${String(height)}`])
  if (bytes) facts.push([t('panel.size'), formatBytes(bytes, language)])
  return (
    <div className="rw-player">
      {isAway ? (
        // Said once: the tries that nobody asked for are not read out.
        <div className="rw-player__away" role={tries === 0 ? 'alert' : undefined}>
          <p>{t('panel.playerAway')}</p>
          <Button buttonStyle="secondary" margin={false} onClick={playAgain} size="small">
            {t('action.playAgain')}
          </Button>
        </div>
      ) : (
        <video
          // Another film is another video: the browser would keep showing the one before.
          key={`film ${String(number)}`}
          aria-label={t('panel.player')}
          className="rw-player__video"
          ref={video}
          controls
          onError={() => setFailed(number)}
          onPlaying={() => setTried({ film: number, tries: 0 })}
          playsInline
          poster={posterUrl && `${posterUrl}?number=${String(number)}`}
          preload="metadata"
          src={address}
          style={{
            aspectRatio: width && height ? `${String(width)} / ${String(height)}` : '16 / 9',
          }}
        >
          <track
            kind="captions"
            label={t('player.captions')}
            src={`${captionsUrl ?? ''}?number=${String(number)}`}
          />
          <track
            kind="chapters"
            ref={chaptersTrack}
            src={`${chaptersUrl ?? ''}?number=${String(number)}`}
          />
        </video>
      )}
      {!isAway && (
        <Chapters
          chapters={chapters}
          seek={(seconds) => {
            if (!video.current) return
            video.current.currentTime = seconds
            void video.current.play().catch(() => undefined)
          }}
        />
      )}
      <div className="rw-player__below">
        <Facts facts={facts} />
        {/* Real links: the server redirects, and a browser's own download shows its progress. */}
        <div className="rw-player__links">
          <a download href={captionsUrl}>
            {t('player.captions')} (VTT)
          </a>
          <a download href={transcriptUrl}>
            {t('player.transcript')} (TXT)
          </a>
          <a
            className="btn btn--style-secondary btn--size-small rw-link"
            download
            href={downloadUrl}
          >
            {t('action.download')}
          </a>
        </div>
      </div>
      <Transcript
        address={`${transcriptUrl ?? ''}?number=${String(number)}`}
        key={`transcript ${String(number)}`}
        said={rendition.transcript}
      />
    </div>
  )
}

/** Tell whether there is a way to a film again: a redirect, which is not followed. */
async function canBeWatched(address: string, signal: AbortSignal): Promise<boolean> {
  const answer = await fetch(address, { credentials: 'include', redirect: 'manual', signal }).catch(
    () => null,
  )
  return answer?.type === 'opaqueredirect'
}
