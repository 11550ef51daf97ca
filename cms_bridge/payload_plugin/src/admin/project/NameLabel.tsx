'use client'
/** The title of the row of somebody or something that has a name: of a cast, a script, a lexicon. */
import { useRowLabel } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import type { CastKind } from '../../generated/events.ts'
import type { TranslationKey } from '../../translations/index.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/panel.css'

interface Named {
  kind?: CastKind | null
  name?: null | string
  word?: null | string
}

/** `unnamed` says what a row is while it has no name. */
export function NameLabel({ unnamed }: { unnamed: TranslationKey }): ReactNode {
  const { data, rowNumber = 0 } = useRowLabel<Named | undefined>()
  const { t } = useTranslator()
  const name = (data?.name ?? data?.word)?.trim()
  return (
    <span className="rw-scene">
      <strong>
        <bdi>{name || `${t(unnamed)} ${String(rowNumber + 1)}`}</bdi>
      </strong>
      {data?.kind && <span className="rw-scene__words">{t(`cast.kind.${data.kind}`)}</span>}
    </span>
  )
}
