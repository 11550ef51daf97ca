'use client'
/** Calls that may have been charged, each with what a person can say about it. */
import { Button, ConfirmationModal, toast, useModal } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import type { Id } from '../../documents.ts'
import type { ChargeOutcome, ChargeResolution } from '../../endpoints/contract.ts'
import type { Problem } from '../../generated/events.ts'
import { useEndpoints } from '../shared/api.ts'
import { Facts } from '../shared/Facts.tsx'
import { formatDollars, formatTime } from '../shared/format.ts'
import { translateProblem } from '../shared/translateProblem.ts'
import { type Translator, useTranslator } from '../shared/useTranslator.ts'

interface Props {
  /** Warnings with the code `charge_unknown`. */
  charges: readonly Problem[]
  mayResolve: boolean
  refresh: () => void
  rendition: Id
}

export function UnknownCharges({ charges, mayResolve, refresh, rendition }: Props): ReactNode {
  const translator = useTranslator()
  const { language, t } = translator
  const ask = useEndpoints()
  const [busy, setBusy] = useState(false)
  const { openModal } = useModal()
  const [unpaid, setUnpaid] = useState<null | Problem>(null)
  const unpaidSlug = `rw-not-charged-${String(rendition)}`
  if (charges.length === 0) return null

  const resolve = async (charge: string, outcome: ChargeOutcome): Promise<void> => {
    setBusy(true)
    try {
      const json = JSON.stringify({ outcome } satisfies ChargeResolution)
      const params = { id: rendition, charge }
      const reply = await ask('resolve', { params, json }).catch(() => null)
      if (reply?.ok) {
        toast.success(t('charges.noted'))
      } else {
        const problem = reply?.problem
        toast.error(problem ? translateProblem(problem, language) : t('panel.unreachable'))
      }
    } finally {
      setBusy(false)
      refresh()
    }
  }

  return (
    <section aria-label={t('charges')} className="rw-charges">
      <p className="rw-charges__title">{t('charges')}</p>
      <p className="rw-panel__help">{t(mayResolve ? 'charges.help' : 'charges.others')}</p>
      <ul className="rw-charges__list">
        {charges.map((charge) => {
          const id = String(charge.params?.charge)
          return (
            <li className="rw-charges__charge" key={id}>
              <Facts facts={factsOf(charge, translator)} />
              {mayResolve && (
                <div className="rw-panel__buttons">
                  <Button
                    buttonStyle="secondary"
                    disabled={busy}
                    margin={false}
                    onClick={() => void resolve(id, 'charged')}
                    size="small"
                  >
                    {t('action.charged')}
                  </Button>
                  <Button
                    buttonStyle="secondary"
                    disabled={busy}
                    margin={false}
                    onClick={() => {
                      setUnpaid(charge)
                      openModal(unpaidSlug)
                    }}
                    size="small"
                  >
                    {t('action.notCharged')}
                  </Button>
                </div>
              )}
            </li>
          )
        })}
      </ul>
      <ConfirmationModal
        body={t('confirm.notCharged.help', {
          amount: formatDollars(Number(unpaid?.params?.amount), language),
        })}
        confirmLabel={t('action.notCharged')}
        heading={t('confirm.notCharged')}
        modalSlug={unpaidSlug}
        onConfirm={() => resolve(String(unpaid?.params?.charge), 'not_charged')}
      />
    </section>
  )
}

function factsOf(
  { params = {} }: Problem,
  { language, t }: Translator,
): (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = []
  if (params.scene !== undefined) facts.push([t('scene'), String(params.scene)])
  facts.push([t('charges.model'), [params.provider, params.model].filter(Boolean).join(' · ')])
  facts.push([t('charges.amount'), formatDollars(Number(params.amount), language)])
  if (typeof params.at === 'string') facts.push([t('charges.at'), formatTime(params.at, language)])
  return facts
}
