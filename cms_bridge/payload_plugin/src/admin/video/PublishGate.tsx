'use client'
/** What keeps a film from being published, and the way out for those who may say why. */
import { Banner, Button, TextInput, useDocumentInfo, useForm } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import type { VideoStatus } from '../../endpoints/contract.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/forms.css'
import '../shared/panel.css'

interface Props {
  hold: NonNullable<VideoStatus['hold']>
  refresh: () => void
}

export function PublishGate({ hold, refresh }: Props): ReactNode {
  const { t } = useTranslator()
  const { submit } = useForm()
  const {
    hasPublishPermission,
    setHasPublishedDoc,
    setMostRecentVersionIsAutosaved,
    setUnpublishedVersionCount,
  } = useDocumentInfo()
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const mayAsk = hold.mayPublish && hasPublishPermission && !hold.isPermitted

  const publish = async (): Promise<void> => {
    setBusy(true)
    try {
      const overrides = { _status: 'published', publishAnyway: reason }
      const result = await submit({ overrides })
      if (!result?.res.ok) return
      // As Payload's own button does: the form does not know what it saved.
      setUnpublishedVersionCount(0)
      setMostRecentVersionIsAutosaved(false)
      setHasPublishedDoc(true)
    } finally {
      setBusy(false)
      refresh()
    }
  }

  return (
    <section aria-label={t('hold.title')} className="rw-gate">
      <Banner className="rw-banner" type="info">
        <strong>{t(hold.isPermitted ? 'publishedAnyway' : 'hold.title')}: </strong>
        {hold.reasons.map((each) => (
          <span className="rw-banner__sentence" key={each}>
            {t(`hold.${each}`)}
          </span>
        ))}
        <span className="rw-banner__sentence">
          {t(hold.isPermitted ? 'hold.permitted' : 'hold.help')}
        </span>
      </Banner>
      {mayAsk && (
        <div className="rw-gate__ask">
          <TextInput
            label={t('hold.reason')}
            onChange={(event: { target: { value: string } }) => setReason(event.target.value)}
            path="rw-publish-anyway"
            value={reason}
          />
          <Button
            buttonStyle="secondary"
            disabled={busy || reason.trim() === ''}
            margin={false}
            onClick={() => void publish()}
            size="medium"
          >
            {t('action.publishAnyway')}
          </Button>
        </div>
      )}
    </section>
  )
}
