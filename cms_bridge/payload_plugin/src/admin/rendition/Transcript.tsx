'use client'
/** What a film says, to be read; where it is not at hand, asked for once somebody wants to. */
import { type ReactNode, useState } from 'react'

import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/panel.css'

export function Transcript({
  address,
  said,
}: {
  address: string
  said?: null | string | undefined
}): ReactNode {
  const { t } = useTranslator()
  const [text, setText] = useState<'away' | null | { said: string }>(said ? { said } : null)

  const read = async (): Promise<void> => {
    try {
      const response = await fetch(address, { credentials: 'include' })
      setText(response.ok ? { said: await response.text() } : 'away')
    } catch {
      setText('away')
    }
  }

  return (
    <details
      className="rw-transcript"
      onToggle={({ currentTarget }) => {
        if (currentTarget.open && (text === null || text === 'away')) void read()
      }}
    >
      <summary>{t('player.transcript')}</summary>
      {text === null && <p className="rw-panel__help">{t('player.transcriptLoading')}</p>}
      {text === 'away' && <p role="alert">{t('player.transcriptAway')}</p>}
      {text !== null && text !== 'away' && (
        <div className="rw-transcript__text" dir="auto">
          {text.said}
        </div>
      )}
    </details>
  )
}
