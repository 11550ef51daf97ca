'use client'
/** The panel at the top of a rendition: the video, or how far it is. */
import { useConfig, useDocumentInfo } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import { idOf, isOver, type RenditionDoc } from '../../documents.ts'
import type { Status } from '../../generated/events.ts'
import { useLocaleOf } from '../shared/api.ts'
import { LinkButton } from '../shared/LinkButton.tsx'
import { Problems } from '../shared/Problems.tsx'
import { Progress } from '../shared/Progress.tsx'
import type { Tone } from '../shared/submission.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { useLiveStatus } from '../shared/useLiveStatus.ts'
import { Working } from '../shared/Working.tsx'
import { Player } from './Player.tsx'
import { UnknownCharges } from './UnknownCharges.tsx'
import { splitWarnings } from './warnings.ts'

const tones: Partial<Record<Status, Tone>> = { completed: 'finished', failed: 'failed' }

export function RenditionPanel({ slugs }: { slugs: { videos: string } }): ReactNode {
  const { data } = useDocumentInfo()
  const { t } = useTranslator()
  const { config } = useConfig()
  const saved = data as RenditionDoc | undefined
  const video = saved && idOf(saved.video)
  const locale = useLocaleOf(saved?.film)
  const { live, refresh, status } = useLiveStatus(video, locale)
  if (!saved) return null

  const newest = status?.rendition
  const rendition = newest && String(newest.id) === String(saved.id) ? newest : saved
  // The status tells none; the document has that of the film which it was read with.
  const isSameFilm = rendition.file?.number === saved.file?.number
  const transcript = isSameFilm ? (saved.transcript ?? null) : null
  const running = !isOver(rendition.status)
  const { charges, others } = splitWarnings(rendition.warnings ?? [])
  const tone = tones[rendition.status] ?? 'calm'
  return (
    <section aria-label={t('rendition')} className="rw-panel">
      <p aria-live="polite" className={`rw-panel__headline rw-tone--${tone}`}>
        {t(`status.${rendition.status}`)}
      </p>
      {running && <Progress percent={rendition.progress} />}
      <Working live={live} rendition={rendition} />
      {rendition.error && <Problems problems={[rendition.error]} type="error" />}
      {rendition.file && <Player rendition={{ ...rendition, transcript }} />}
      <UnknownCharges
        charges={charges}
        mayResolve={status?.mayResolve ?? false}
        refresh={refresh}
        rendition={rendition.id}
      />
      <Problems problems={others} type="info" />
      <div className="rw-panel__buttons">
        <LinkButton
          to={`${config.routes.admin}/collections/${slugs.videos}/${String(video)}${locale ? `?locale=${locale}` : ''}`}
        >
          {t('action.openVideo')}
        </LinkButton>
      </div>
    </section>
  )
}
