'use client'
/** The panel at the top of a rendition: the video, or how far it is. */
import { useConfig, useDocumentInfo } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import { isOver, type RenditionDoc } from '../../documents.ts'
import { LinkButton, Player, Problems, Progress } from '../shared/parts.tsx'
import { UnknownCharges } from './UnknownCharges.tsx'
import { useVideoStatus } from '../shared/useVideoStatus.ts'
import { useWords } from '../shared/useWords.ts'
import { sortWarnings } from '../shared/view.ts'

export function RenditionPanel({ slugs }: { slugs: { videos: string } }): ReactNode {
  const { data } = useDocumentInfo()
  const { t } = useWords()
  const { config } = useConfig()
  const opened = data as RenditionDoc | undefined
  const video = opened && (typeof opened.video === 'object' ? opened.video.id : opened.video)
  const { refresh, status } = useVideoStatus(video)
  if (!opened) return null

  const newest = status?.rendition
  const rendition = newest && String(newest.id) === String(opened.id) ? newest : opened
  const running = !isOver(rendition.status)
  const { charges, others } = sortWarnings(rendition.warnings ?? [])
  const tone = { completed: 'finished', failed: 'failed' }[rendition.status as string] ?? 'calm'
  return (
    <section aria-label={t('rendition')} className="rw-panel">
      <p aria-live="polite" className={`rw-panel__headline rw-tone--${tone}`}>
        {t(`status.${rendition.status}`)}
      </p>
      {running && <Progress percent={rendition.progress} />}
      {rendition.error && <Problems problems={[rendition.error]} type="error" />}
      {rendition.status === 'completed' && <Player rendition={rendition} />}
      <UnknownCharges
        charges={charges}
        mayResolve={status?.mayApprove ?? false}
        refresh={refresh}
        rendition={rendition.id}
      />
      <Problems problems={others} type="info" />
      <div className="rw-panel__buttons">
        <LinkButton to={`${config.routes.admin}/collections/${slugs.videos}/${String(video)}`}>
          {t('action.openVideo')}
        </LinkButton>
      </div>
    </section>
  )
}
