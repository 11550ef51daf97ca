'use client'
/** The finished video, to watch and to take along. */
import type { ReactNode } from 'react'

import type { RenditionDoc } from '../../documents.ts'
import { Facts } from '../shared/Facts.tsx'
import { formatBytes, formatLength } from '../shared/format.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/panel.css'

export function Player({ rendition }: { rendition: RenditionDoc }): ReactNode {
  const { language, t } = useTranslator()
  const { downloadUrl, file, posterUrl, url } = rendition
  if (!file || !url) return null
  const { bytes, duration, height, width } = file
  const facts: (readonly [string, string])[] = []
  if (duration) facts.push([t('panel.duration'), formatLength(duration)])
  if (width && height) facts.push([t('panel.picture'), `${String(width)} × ${String(height)}`])
  if (bytes) facts.push([t('panel.size'), formatBytes(bytes, language)])
  return (
    <div className="rw-player">
      <video
        aria-label={t('panel.player')}
        className="rw-player__video"
        controls
        playsInline
        poster={posterUrl}
        preload="metadata"
        src={url}
        style={{ aspectRatio: width && height ? `${String(width)} / ${String(height)}` : '16 / 9' }}
      />
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
