'use client'
/** What is seen of a scene: its picture or clip, its colour, or what is to be drawn. */
import type { ReactNode } from 'react'

import type { BoardPicture } from '../../endpoints/contract.ts'
import type { AspectRatio, Palette } from '../../generated/events.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/board.css'

interface Props {
  /** Where its bytes are; nothing where none is made. */
  address?: string | undefined
  aspectRatio: AspectRatio | null | undefined
  /** The CSS background of a scene without a picture. */
  colour: null | string
  /** Whether anybody has told yet what is made. */
  isKnown: boolean
  palette: null | Palette | undefined
  picture: BoardPicture | null
  /** What is to be drawn. */
  prompt: string
  /** Whether another one is to be made, of other words. */
  stale?: boolean
}

export function ScenePicture({
  address,
  aspectRatio,
  colour,
  isKnown,
  palette,
  picture,
  prompt,
  stale = false,
}: Props): ReactNode {
  const { t } = useTranslator()
  const frame = { aspectRatio: (aspectRatio ?? '16:9').replace(':', ' / ') }
  if (colour) return <div className="rw-picture" style={{ ...frame, background: colour }} />
  const media = picture && address ? { alt: prompt, src: address } : null
  return (
    <figure className={`rw-picture${stale ? ' rw-picture--stale' : ''}`} style={frame}>
      {media && picture?.mediaType.startsWith('video/') ? (
        <video
          aria-label={prompt}
          loop
          muted
          playsInline
          controls
          preload="metadata"
          src={media.src}
        />
      ) : media ? (
        <img alt={media.alt} loading="lazy" src={media.src} />
      ) : (
        <div
          className="rw-picture__words"
          style={{
            background: palette?.background || '#14213d',
            color: palette?.foreground || '#ffffff',
          }}
        >
          <span dir="auto">{prompt || t('board.noPicture')}</span>
        </div>
      )}
      {(stale || (!media && isKnown) || picture?.placeholder) && (
        <figcaption className="rw-picture__mark">
          {t(stale ? 'board.drawnAnew' : media ? 'board.placeholder' : 'board.toBeDrawn')}
        </figcaption>
      )}
    </figure>
  )
}
