'use client'
/** The panel at the top of a project: what it has spent against its cap, and its next video. */
import { Button, useDocumentDrawer, useDocumentInfo } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import { type ProjectDoc, videoDefaults } from '../../documents.ts'
import type { Spending } from '../../endpoints/contract.ts'
import { formatDollars } from '../shared/format.ts'
import { useAnswer } from '../shared/useAnswer.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { Meter } from './Meter.tsx'
import '../shared/panel.css'

export function ProjectPanel({ slugs }: { slugs: { videos: string } }): ReactNode {
  const { data, id } = useDocumentInfo()
  const { t } = useTranslator()
  const spending = useAnswer('spending', id)
  const [VideoDrawer, , { openDrawer }] = useDocumentDrawer({ collectionSlug: slugs.videos })
  // A project that is not saved yet has spent nothing, and nothing can be put into it.
  if (id === undefined) return null
  const { defaults } = (data ?? {}) as Partial<ProjectDoc>
  return (
    <section aria-label={t('spending')} className="rw-panel">
      {/* What was spent comes later: below, so that it moves nothing that is pressed. */}
      <div className="rw-panel__buttons">
        <Button buttonStyle="primary" margin={false} onClick={openDrawer} size="medium">
          {t('action.newVideo')}
        </Button>
      </div>
      {spending === 'away' && <p className="rw-panel__help">{t('spending.away')}</p>}
      {spending && spending !== 'away' && <Amounts spending={spending} />}
      <VideoDrawer initialData={{ ...videoDefaults(defaults), project: id }} />
    </section>
  )
}

function Amounts({ spending }: { spending: Spending }): ReactNode {
  const { language, t } = useTranslator()
  const { cap, monthCap, monthSpent, spent } = spending
  const words = (amount: string, of: string): string =>
    t('spending.of', {
      spent: formatDollars(Number(amount), language),
      cap: formatDollars(Number(of), language),
    })
  return (
    <>
      {cap === null ? (
        <p className="rw-panel__help">{t('spending.nothing')}</p>
      ) : (
        <Meter label={t('spending.spent')} most={cap} value={spent} words={words(spent, cap)} />
      )}
      {monthSpent !== null && monthCap !== null && (
        <Meter
          label={t('spending.month')}
          most={monthCap}
          value={monthSpent}
          words={words(monthSpent, monthCap)}
        />
      )}
    </>
  )
}
