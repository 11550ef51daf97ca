'use client'
/** Whom a scene shows: a name each, beside the picture that there is of it. */
import { useConfig } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import type { BoardMember } from '../../endpoints/contract.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/board.css'

export function CastChips({ cast }: { cast: readonly BoardMember[] | undefined }): ReactNode {
  const { t } = useTranslator()
  const { config } = useConfig()
  if (!cast || cast.length === 0) return null
  const api = `${config.serverURL}${config.routes.api}`
  return (
    <ul aria-label={t('board.cast')} className="rw-cast">
      {cast.map(({ kind, name, picture }) => (
        <li className="rw-cast__member" key={name} title={t(`cast.kind.${kind}`)}>
          {picture && (
            // The name stands beside it; one that may not be seen leaves the name alone.
            <img
              alt=""
              loading="lazy"
              onError={({ currentTarget }) => {
                currentTarget.hidden = true
              }}
              src={api + picture}
            />
          )}
          <bdi>{name}</bdi>
        </li>
      ))}
    </ul>
  )
}
