'use client'
/** Calls that may have been charged, each with what a person can say about it. */
import { Button, toast, useConfig } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import type { Outcome } from '../../endpoints/resolve.ts'
import type { Problem } from '../../generated/events.ts'
import type { Id } from '../../documents.ts'
import { readProblem } from '../shared/answers.ts'
import { Facts } from '../shared/parts.tsx'
import { useWords, type Words } from '../shared/useWords.ts'
import { dollarsOf, momentOf, sentenceOf } from '../shared/view.ts'

interface Props {
  /** Warnings with the code `charge_unknown`. */
  charges: readonly Problem[]
  mayResolve: boolean
  refresh: () => void
  rendition: Id
}

export function UnknownCharges({ charges, mayResolve, refresh, rendition }: Props): ReactNode {
  const words = useWords()
  const { language, t } = words
  const { config } = useConfig()
  const [busy, setBusy] = useState(false)
  const base = `${config.serverURL}${config.routes.api}/reelwright/renditions/${String(rendition)}`
  if (charges.length === 0) return null

  const resolve = async (charge: string, outcome: Outcome): Promise<void> => {
    setBusy(true)
    try {
      const response = await fetch(`${base}/charges/${encodeURIComponent(charge)}/resolve`, {
        method: 'POST',
        credentials: 'include',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ outcome }),
      }).catch(() => null)
      if (response?.ok) {
        toast.success(t('charges.noted'))
      } else {
        const problem = response && (await readProblem(response))
        toast.error(problem ? sentenceOf(problem, language) : t('panel.unreachable'))
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
              <Facts facts={factsOf(charge, words)} />
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
                    onClick={() => void resolve(id, 'not_charged')}
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
    </section>
  )
}

function factsOf({ params = {} }: Problem, { language, t }: Words): (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = []
  if (params.scene !== undefined) facts.push([t('scene'), String(params.scene)])
  facts.push([t('charges.model'), [params.provider, params.model].filter(Boolean).join(' · ')])
  facts.push([t('charges.amount'), dollarsOf(Number(params.amount), language)])
  if (typeof params.at === 'string') facts.push([t('charges.at'), momentOf(params.at, language)])
  return facts
}
