'use client'
/** The panel at the top of an event: what happened, how its delivery stands, and how to send it again. */
import { Button, toast, useConfig, useDocumentInfo } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import { idOf, type OutboxDoc } from '../../documents.ts'
import { useEndpoints } from '../shared/api.ts'
import { LinkButton } from '../shared/LinkButton.tsx'
import { Problems } from '../shared/Problems.tsx'
import type { Tone } from '../shared/submission.ts'
import { translateProblem } from '../shared/translateProblem.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { useTitle } from './useTitle.ts'
import { eventWords, undelivered } from './words.ts'
import '../shared/panel.css'

const tones: Record<OutboxDoc['state'], Tone> = {
  delivered: 'finished',
  queued: 'working',
  refused: 'failed',
}

export function DeliveryPanel({ slugs }: { slugs: { videos: string } }): ReactNode {
  const { data, id } = useDocumentInfo()
  const { config } = useConfig()
  const { language, t } = useTranslator()
  const ask = useEndpoints()
  const [busy, setBusy] = useState(false)
  const [isSent, setSent] = useState(false)
  const event = data as OutboxDoc | undefined
  useTitle(event ? eventWords(event.type, language) : '')
  if (!event || id === undefined) return null
  // The text of an event is told to administrators alone, as is the right to send it.
  const state = isSent ? 'queued' : event.state
  const problem = isSent ? null : undelivered(event, language)
  const maySend = state !== 'delivered' && !isSent && Boolean(event.body)

  const send = async (): Promise<void> => {
    setBusy(true)
    const reply = await ask('resend', { params: { id }, json: '{}' }).catch(() => null)
    if (reply?.ok) {
      setSent(true)
      toast.success(t('event.resent'))
    } else {
      const refusal = reply?.problem
      toast.error(refusal?.code ? translateProblem(refusal, language) : t('event.notResent'))
    }
    setBusy(false)
  }

  return (
    <section aria-label={t('event')} className="rw-panel">
      <div>
        <p className={`rw-panel__headline rw-tone--${tones[state]}`}>{t(`event.state.${state}`)}</p>
        <p className="rw-panel__help">{eventWords(event.type, language)}</p>
      </div>
      {problem && <Problems problems={[problem]} type={state === 'refused' ? 'error' : 'info'} />}
      <div className="rw-panel__buttons">
        {maySend && (
          <Button
            buttonStyle="primary"
            disabled={busy}
            margin={false}
            onClick={() => void send()}
            size="medium"
          >
            {t('action.resend')}
          </Button>
        )}
        {event.video && (
          <LinkButton
            to={`${config.routes.admin}/collections/${slugs.videos}/${String(idOf(event.video))}`}
          >
            {t('action.openVideo')}
          </LinkButton>
        )}
      </div>
    </section>
  )
}
