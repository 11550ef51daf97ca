'use client'
/** The parts that the panels are made of. */
import { Banner, Button } from '@payloadcms/ui'
import { type ReactNode, useId } from 'react'

import type { Problem } from '../../generated/events.ts'
import type { RenditionDoc } from '../../documents.ts'
import { useWords } from './useWords.ts'
import { lengthOf, sentenceOf, sizeOf, steps, type View } from './view.ts'
import './panel.css'

/** The road from the brief to the video, and where on it the work is. */
export function Stepper({ view }: { view: View }): ReactNode {
  const { t } = useWords()
  return (
    <ol className="rw-steps">
      {steps.map((step, index) => {
        const place = index < view.step ? 'done' : index === view.step ? 'now' : 'ahead'
        return (
          <li
            aria-current={place === 'now' ? 'step' : undefined}
            className={`rw-steps__step rw-steps__step--${place} rw-tone--${view.tone}`}
            key={step}
          >
            <span aria-hidden className="rw-steps__mark" />
            {t(step)}
          </li>
        )
      })}
    </ol>
  )
}

/** How far the work is, for eyes and for screen readers. */
export function Progress({ percent, detail }: { percent: number; detail?: string }): ReactNode {
  const { t } = useWords()
  const id = useId()
  return (
    <div className="rw-progress">
      <div
        aria-labelledby={id}
        aria-valuemax={100}
        aria-valuemin={0}
        aria-valuenow={percent}
        className="rw-progress__track"
        role="progressbar"
      >
        <div className="rw-progress__bar" style={{ inlineSize: `${String(percent)}%` }} />
      </div>
      <p className="rw-progress__words" id={id}>
        <span>{t('panel.progress', { percent })}</span>
        {detail && <span>{detail}</span>}
      </p>
    </div>
  )
}

/** Warnings, or the error that ended the work, in plain words. */
export function Problems({
  problems,
  type,
}: {
  problems: readonly Problem[]
  type: 'error' | 'info'
}): ReactNode {
  const { language, t } = useWords()
  const sentences = [...new Set(problems.map((problem) => sentenceOf(problem, language)))]
  if (sentences.length === 0) return null
  return (
    <Banner className="rw-banner" type={type}>
      {type === 'info' && <strong>{t('panel.warnings')}: </strong>}
      {sentences.map((sentence) => (
        <span className="rw-banner__sentence" key={sentence}>
          {sentence}
        </span>
      ))}
    </Banner>
  )
}

/** Small facts, each with its name. */
export function Facts({ facts }: { facts: readonly (readonly [string, string])[] }): ReactNode {
  if (facts.length === 0) return null
  return (
    <dl className="rw-facts">
      {facts.map(([name, value]) => (
        <div className="rw-facts__fact" key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A link that stands among buttons. */
export function LinkButton({ children, to }: { children: ReactNode; to: string }): ReactNode {
  return (
    <Button buttonStyle="secondary" el="link" margin={false} size="medium" to={to}>
      {children}
    </Button>
  )
}

/** The finished video, to watch and to take along. */
export function Player({ rendition }: { rendition: RenditionDoc }): ReactNode {
  const { language, t } = useWords()
  const { downloadUrl, file, posterUrl, url } = rendition
  if (!file || !url) return null
  const { bytes, duration, height, width } = file
  const facts: (readonly [string, string])[] = []
  if (duration) facts.push([t('panel.duration'), lengthOf(duration)])
  if (width && height) facts.push([t('panel.picture'), `${String(width)} × ${String(height)}`])
  if (bytes) facts.push([t('panel.size'), sizeOf(bytes, language)])
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
