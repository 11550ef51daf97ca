'use client'
/** The panel at the top of a storyboard: its price, and the approval. */
import { Button, useConfig, useDocumentInfo, useForm, useFormModified } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import type { StoryboardDoc } from '../types.ts'
import { Facts, LinkButton } from './parts.tsx'
import { useVideoStatus } from './useVideoStatus.ts'
import { useWords } from './useWords.ts'
import { actionsOf, priceOf, viewOf } from './view.ts'

export function StoryboardPanel({ slugs }: { slugs: { videos: string } }): ReactNode {
  const { data } = useDocumentInfo()
  const { language, t } = useWords()
  const { config } = useConfig()
  const { submit } = useForm()
  const modified = useFormModified()
  const [busy, setBusy] = useState(false)
  const storyboard = data as StoryboardDoc | undefined
  const video =
    storyboard && (typeof storyboard.video === 'object' ? storyboard.video.id : storyboard.video)
  const { refresh, status } = useVideoStatus(video)
  if (!storyboard || !status) return <section className="rw-panel">{t('panel.loading')}</section>

  const current = String(status.storyboard?.id) === String(storyboard.id)
  const view = viewOf(status)
  const mayApprove = current && actionsOf(status).approve
  const decision = current
    ? (status.storyboard?.decision ?? 'pending')
    : (storyboard.decision ?? 'pending')
  const approve = async (): Promise<void> => {
    setBusy(true)
    try {
      await submit({ overrides: { decision: 'approved' } })
    } finally {
      setBusy(false)
      refresh()
    }
  }
  const price = (current && status.rendition?.estimatedCost) || storyboard.estimatedCost
  const facts: [string, string][] = [
    [t('panel.price'), priceOf(price, language)],
    [t('scenes'), String(storyboard.scenes?.length ?? 0)],
  ]
  if (decision === 'approved' && status.storyboard?.approvedBy) {
    facts.push([t('approvedBy'), status.storyboard.approvedBy])
  }
  return (
    <section aria-label={t('decision')} className="rw-panel">
      <div aria-live="polite" className="rw-panel__words">
        <p className={`rw-panel__headline rw-tone--${current ? view.tone : 'calm'}`}>
          {t(current ? view.headline : `decision.${decision}`)}
        </p>
        {mayApprove && <p className="rw-panel__help">{t('panel.approve.help')}</p>}
      </div>
      <Facts facts={facts} />
      <div className="rw-panel__buttons">
        {mayApprove && (
          <Button disabled={busy} margin={false} onClick={() => void approve()} size="medium">
            {t(modified ? 'action.save_approve' : 'action.approve')}
          </Button>
        )}
        <LinkButton to={`${config.routes.admin}/collections/${slugs.videos}/${String(video)}`}>
          {t('action.openVideo')}
        </LinkButton>
      </div>
    </section>
  )
}
