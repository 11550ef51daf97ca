'use client'
/** A video's films in the languages of its words: how each stands, what it costs, and its player. */
import { Button, useConfig, useDocumentInfo, useLocale } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import type { FilmLanguage } from '../../endpoints/contract.ts'
import { Player } from '../rendition/Player.tsx'
import { Facts } from '../shared/Facts.tsx'
import { formatDollars, formatLanguage } from '../shared/format.ts'
import { LinkButton } from '../shared/LinkButton.tsx'
import { Progress } from '../shared/Progress.tsx'
import { actionsOf, standingOf, viewOf } from '../shared/submission.ts'
import { useApproval } from '../shared/useApproval.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { LostCalls } from '../shared/LostCalls.tsx'
import { formatPrice, formatPriceDue } from '../shared/price.ts'
import { usePrice } from '../storyboard/usePrice.ts'
import { useLanguages } from './useLanguages.ts'
import '../shared/panel.css'

interface Props {
  /** Changes whenever something of the film that is shown may have. */
  situation: string
  storyboards: string
}

export function Languages({ situation, ...props }: Props): ReactNode {
  const { t } = useTranslator()
  const [approvals, setApprovals] = useState(0)
  const languages = useLanguages(`${situation} ${String(approvals)}`)
  if (languages.length < 2) return null
  return (
    <section aria-label={t('languages')} className="rw-films">
      <p className="rw-changes__title">{t('languages')}</p>
      <p className="rw-panel__help">{t('languages.help')}</p>
      <ul className="rw-films__list">
        {languages.map((one) => (
          <Language
            {...props}
            approved={() => setApprovals((count) => count + 1)}
            key={one.locale}
            one={one}
          />
        ))}
      </ul>
    </section>
  )
}

function Language({
  approved,
  one: { hasWords, locale, status },
  storyboards,
}: Omit<Props, 'situation'> & { approved: () => void; one: FilmLanguage }): ReactNode {
  const { language, t } = useTranslator()
  const { config } = useConfig()
  const { collectionSlug = '', id } = useDocumentInfo()
  const { code: shown } = useLocale()
  const approve = useApproval(storyboards)
  const [busy, setBusy] = useState(false)
  const [watching, setWatching] = useState(false)
  const { rendition, storyboard } = status
  const view = viewOf(status)
  // That of the language which is shown is approved above, where all of it is told.
  const mayMake = locale !== shown && actionsOf(status).approve
  const { loading, price } = usePrice(
    storyboard?.id,
    mayMake ? {} : undefined,
    rendition?.storyboardDigest ?? '',
  )
  const name = formatLanguage(locale, language)
  const facts: [string, string][] = []
  if (price) facts.push([t('panel.due'), formatPriceDue(price, language) ?? t('panel.free')])
  else if (standingOf(status) === 'filmed') {
    facts.push([t('panel.cost'), formatPrice(rendition?.actualCost, language)])
  }
  const make = async (): Promise<void> => {
    if (!storyboard || !price) return
    setBusy(true)
    await approve(storyboard, price.toApprove)
    setBusy(false)
    approved()
  }
  const due = Number(price?.difference ?? 0)
  const makeLabel = t(due > 0 ? 'languages.make.priced' : 'languages.make', {
    language: name,
    amount: formatDollars(due, language),
  })
  const address = `${config.routes.admin}/collections/${collectionSlug}/${String(id)}`
  return (
    <li className="rw-language">
      <div className="rw-language__words">
        <p className="rw-films__name">
          <bdi>{name}</bdi>
          {locale === shown && ` · ${t('languages.shown')}`}
        </p>
        <p className="rw-panel__help">
          {[
            t(hasWords || status.submission > 0 ? view.headline : 'languages.noWords'),
            ...(status.isStale
              ? [t('languages.stale')]
              : standingOf(status) === 'filmed'
                ? [t('languages.fresh')]
                : []),
          ].join(' · ')}
        </p>
        {view.progress !== undefined && <Progress percent={view.progress} />}
        <Facts facts={facts} />
        <LostCalls price={price} />
      </div>
      <div className="rw-panel__buttons">
        {mayMake && (
          <Button
            disabled={busy || loading || !price}
            margin={false}
            onClick={() => void make()}
            size="medium"
          >
            {makeLabel}
          </Button>
        )}
        {rendition?.file && locale !== shown && (
          <Button
            aria-expanded={watching}
            buttonStyle="secondary"
            margin={false}
            onClick={() => setWatching(!watching)}
            size="medium"
          >
            {t('action.watch')}
          </Button>
        )}
        {locale !== shown && (
          <LinkButton to={`${address}?locale=${locale}`}>
            {t('languages.open', { language: name })}
          </LinkButton>
        )}
      </div>
      {watching && rendition && (
        <div className="rw-language__film">
          <Player rendition={rendition} />
        </div>
      )}
    </li>
  )
}
