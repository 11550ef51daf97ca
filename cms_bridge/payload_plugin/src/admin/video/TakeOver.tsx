'use client'
/** A changed script taken over into the scenes: what that changes and costs is seen before it is saved. */
import { Button, toast, useConfig } from '@payloadcms/ui'
import { type ReactNode, useEffect, useId, useState } from 'react'

import type { Id } from '../../documents.ts'
import type { TakeoverOffer } from '../../endpoints/contract.ts'
import { usePrice } from '../storyboard/usePrice.ts'
import { readPayloadError, useEndpoints } from '../shared/api.ts'
import { Facts } from '../shared/Facts.tsx'
import { formatPriceDue } from '../shared/price.ts'
import { Problems } from '../shared/Problems.tsx'
import { useTranslator } from '../shared/useTranslator.ts'
import { translateProblem } from '../shared/translateProblem.ts'
import { TakeoverChanges } from './TakeoverChanges.tsx'
import '../shared/panel.css'

interface Props {
  id: Id
  /** Look at once at how the video stands: something was saved. */
  refresh: () => void
  /** Of the storyboard; another one is looked at anew. */
  revision: number
  slug: string
}

export function TakeOver({ id, refresh, revision, slug }: Props): ReactNode {
  const { language, t } = useTranslator()
  const { config } = useConfig()
  const ask = useEndpoints()
  const title = useId()
  const [isOpen, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [looks, setLooks] = useState(0)
  const [offer, setOffer] = useState<null | TakeoverOffer>(null)

  useEffect(() => {
    if (!isOpen) return undefined
    const abort = new AbortController()
    const look = async (): Promise<void> => {
      const question = { params: { id }, signal: abort.signal }
      const reply = await ask('takeover', question).catch(() => null)
      if (abort.signal.aborted) return
      setOffer(reply?.ok ? reply.answer : null)
      if (reply?.ok) return
      const refusal = reply?.problem
      toast.error(refusal ? translateProblem(refusal, language) : t('panel.unreachable'))
      setOpen(false)
      // Others may have taken it over meanwhile.
      refresh()
    }
    void look()
    return () => abort.abort()
  }, [ask, id, isOpen, language, looks, refresh, revision, t])

  const isPriced = offer !== null && offer.changes.length > 0
  const { price, problem } = usePrice(
    id,
    isOpen && isPriced ? { scenes: offer.scenes } : undefined,
    String(revision),
  )
  const isUnpriced = isPriced && !price
  const save = async (): Promise<void> => {
    if (!offer) return
    setBusy(true)
    const { changes, revision: revisionSeen, scenes, script } = offer
    const collection = `${config.serverURL}${config.routes.api}/${slug}`
    const response = await fetch(`${collection}/${String(id)}?depth=0`, {
      method: 'PATCH',
      credentials: 'include',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...(changes.length > 0 && { scenes }), revisionSeen, script }),
    }).catch(() => null)
    setBusy(false)
    if (response?.ok) setOpen(false)
    else {
      toast.error(await readPayloadError(response, t('panel.unreachable')))
      setLooks((count) => count + 1)
    }
    refresh()
  }
  const due = price && formatPriceDue(price, language)
  return (
    <div className="rw-takeover">
      <Button
        buttonStyle="secondary"
        extraButtonProps={{ 'aria-expanded': isOpen }}
        margin={false}
        onClick={() => setOpen(!isOpen)}
        size="medium"
      >
        {t('action.takeOver')}
      </Button>
      {isOpen && offer && (
        <section aria-labelledby={title} className="rw-changes">
          <p className="rw-changes__title" id={title}>
            {t('takeover')}
          </p>
          <TakeoverChanges offer={offer} t={t} />
          {due && <Facts facts={[[t('panel.due.unsaved'), due]]} />}
          {problem && <Problems problems={[problem]} type="error" />}
          <p aria-live="polite" className="rw-panel__help">
            {isUnpriced && !problem && t('panel.pricing')}
          </p>
          <div className="rw-panel__buttons">
            <Button
              disabled={busy || isUnpriced}
              margin={false}
              onClick={() => void save()}
              size="medium"
            >
              {t(offer.changes.length > 0 ? 'takeover.save' : 'takeover.leave')}
            </Button>
            <Button
              buttonStyle="secondary"
              margin={false}
              onClick={() => setOpen(false)}
              size="medium"
            >
              {t('takeover.later')}
            </Button>
          </div>
        </section>
      )}
    </div>
  )
}
