'use client'
/** Every film that was made of this submission, the newest first, and what differs in each. */
import { useDocumentInfo } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import type { RenditionDoc } from '../../documents.ts'
import { Changes } from '../shared/Changes.tsx'
import { formatBytes, formatLength, formatTime } from '../shared/format.ts'
import { useAnswer } from '../shared/useAnswer.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/panel.css'

export function Films({ rendition }: { rendition: RenditionDoc }): ReactNode {
  const { language, t } = useTranslator()
  const { id } = useDocumentInfo()
  const films = useAnswer('films', id)
  if (films === 'away') return <p className="rw-panel__help">{t('films.away')}</p>
  if (!films || films.length < 2) return null
  return (
    <section aria-label={t('films')} className="rw-films">
      <p className="rw-changes__title">{t('films')}</p>
      <ol className="rw-films__list">
        {films.map((film, index) => (
          <li className="rw-films__film" key={film.id}>
            <p className="rw-films__name">
              {t('films.numbered', { number: film.number })}
              {index === 0 && ` · ${t('films.shown')}`}
            </p>
            <p className="rw-panel__help">
              {[
                formatTime(film.createdAt, language),
                formatLength(film.duration),
                formatBytes(film.bytes, language),
              ].join(' · ')}
            </p>
            <Changes changes={film.changes} title={t('films.differs')} />
            {film.isKept ? (
              <p className="rw-films__links">
                <a href={`${rendition.url ?? ''}?film=${film.id}`} rel="noreferrer" target="_blank">
                  {t('action.watch')}
                </a>
                <a download href={`${rendition.downloadUrl ?? ''}?film=${film.id}`}>
                  {t('action.download')}
                </a>
              </p>
            ) : (
              <p className="rw-panel__help">{t('films.gone')}</p>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}
