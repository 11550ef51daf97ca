'use client'
/** The lock of a scene: while it is closed the scene stays as it is, and where it is. */
import { Button } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/board.css'

interface Props {
  disabled?: boolean
  locked: boolean
  /** Counts from 1. */
  number: number
  toggle: () => void
}

export function Lock({ disabled = false, locked, number, toggle }: Props): ReactNode {
  const { t } = useTranslator()
  return (
    <Button
      aria-label={t('board.lock', { number })}
      buttonStyle="icon-label"
      className={`rw-lock${locked ? ' rw-lock--closed' : ''}`}
      disabled={disabled}
      extraButtonProps={{ 'aria-pressed': locked }}
      icon={<Padlock closed={locked} />}
      margin={false}
      onClick={toggle}
    />
  )
}

/** Of Payload's own icons one is closed, and none is open. */
function Padlock({ closed }: { closed: boolean }): ReactNode {
  return (
    <svg aria-hidden="true" className="rw-lock__icon" viewBox="0 0 20 20">
      <rect height="8" rx="1.5" width="11" x="4.5" y="9" />
      <path d={closed ? 'M7 9V6.5a3 3 0 0 1 6 0V9' : 'M7 9V5.5a3 3 0 0 1 5.8-1'} />
    </svg>
  )
}
