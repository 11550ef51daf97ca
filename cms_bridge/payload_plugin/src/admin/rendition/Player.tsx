'use client'
/** The finished video, to watch and to take along. */
import { Button } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import type { RenditionDoc } from '../../documents.ts'
import { Facts } from '../shared/Facts.tsx'
import { formatBytes, formatLength } from '../shared/format.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/panel.css'

export function Player({ rendition }: { rendition: RenditionDoc }): ReactNode {
  const { language, t } = useTranslator()
  const { downloadUrl, file, posterUrl, url } = rendition
  // The film that could not be played, and how often it was tried again.
  const [failed, setFailed] = useState<null | number>(null)
  const [tries, setTries] = useState(0)
  if (!file || !url) return null
  const { bytes, duration, height, number = 1, width } = file
  const facts: (readonly [string, string])[] = []
  if (duration) facts.push([t('panel.duration'), formatLength(duration)])
  if (width && height) facts.push([t('panel.picture'), `${String(width)} × ${String(height)}`])
  if (bytes) facts.push([t('panel.size'), formatBytes(bytes, language)])
  return (
    <div className="rw-player">
      {failed === number ? (
        <div className="rw-player__away" role="alert">
          <p>{t('panel.playerAway')}</p>
          <Button
            buttonStyle="secondary"
            margin={false}
            onClick={() => {
              setFailed(null)
              setTries((count) => count + 1)
            }}
            size="small"
          >
            {t('action.playAgain')}
          </Button>
        </div>
      ) : (
        <video
          // Another film is another video: the browser would keep showing the one before.
          key={`${String(number)} ${String(tries)}`}
          aria-label={t('panel.player')}
          className="rw-player__video"
          controls
          onError={() => setFailed(number)}
          playsInline
          poster={posterUrl && `${posterUrl}?number=${String(number)}`}
          preload="metadata"
          src={`${url}?number=${String(number)}`}
          style={{
            aspectRatio: width && height ? `${String(width)} / ${String(height)}` : '16 / 9',
          }}
        />
      )}
      <div className="rw-player__below">
        <Facts facts={facts} />
        {/* A real link: the server redirects, and a browser's own download shows its progress. */}
        <a className="btn btn--style-secondary btn--size-small rw-link" download href={downloadUrl}>
          {t('action.download')}
        </a>
      </div>
    </div>
  )
}
