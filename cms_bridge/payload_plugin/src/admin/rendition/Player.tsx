'use client'
/** The finished video, to watch, to read and to take along. */
import { Button } from '@payloadcms/ui'
import { type ReactNode, useEffect, useRef, useState } from 'react'

import type { RenditionDoc } from '../../documents.ts'
import { awayAgainMs } from '../shared/api.ts'
import { Facts } from '../shared/Facts.tsx'
import { formatBytes, formatLength } from '../shared/format.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { useChapters } from '../../player/useChapters.ts'
import { Chapters } from './Chapters.tsx'
import { Transcript } from './Transcript.tsx'
import '../shared/panel.css'

export function Player({ rendition }: { rendition: RenditionDoc }): ReactNode {
  const { language, t } = useTranslator()
  const { captionsUrl, chaptersUrl, downloadUrl, file, posterUrl, transcriptUrl, url } = rendition
  const video = useRef<HTMLVideoElement>(null)
  const { chapters, ref: chaptersTrack } = useChapters()
  // The film that could not be played, and how often it was tried again.
  const [failed, setFailed] = useState<null | number>(null)
  const [tries, setTries] = useState(0)
  const number = file?.number ?? 1
  const address = `${url ?? ''}?number=${String(number)}`
  const isAway = failed === number
  const playAgain = (): void => {
    setFailed(null)
    setTries((count) => count + 1)
  }
  useEffect(() => {
    if (!isAway) return undefined
    const abort = new AbortController()
    const look = async (): Promise<void> => {
      if (!document.hidden && (await canBeWatched(address, abort.signal))) playAgain()
    }
    const timer = setInterval(() => void look(), awayAgainMs)
    return () => {
      abort.abort()
      clearInterval(timer)
    }
  }, [address, isAway])
  if (!file || !url) return null
  const { bytes, duration, height, width } = file
  const facts: (readonly [string, string])[] = []
  if (duration) facts.push([t('panel.duration'), formatLength(duration)])
  if (width && height) facts.push([t('panel.picture'), `${String(width)} × ${String(height)}`])
  if (bytes) facts.push([t('panel.size'), formatBytes(bytes, language)])
  return (
    <div className="rw-player">
      {isAway ? (
        <div className="rw-player__away" role="alert">
          <p>{t('panel.playerAway')}</p>
          <Button buttonStyle="secondary" margin={false} onClick={playAgain} size="small">
            {t('action.playAgain')}
          </Button>
        </div>
      ) : (
        <video
          // Another film is another video: the browser would keep showing the one before.
          key={`${String(number)} ${String(tries)}`}
          aria-label={t('panel.player')}
          className="rw-player__video"
          ref={video}
          controls
          onError={() => setFailed(number)}
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
        key={number}
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
