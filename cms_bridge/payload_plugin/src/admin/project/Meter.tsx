'use client'
/** How much of a cap is spent, in words and as a bar that says when little is left. */
import { type ReactNode, useId } from 'react'

import '../shared/forms.css'
import '../shared/panel.css'

interface Props {
  label: string
  /** Amounts as text, as the service writes them. */
  most: string
  value: string
  words: string
}

/** Above this share of the cap the bar warns. */
const nearlyAll = 0.8

export function Meter({ label, most, value, words }: Props): ReactNode {
  const id = useId()
  const share = Math.min(1, Number(most) > 0 ? Number(value) / Number(most) : 1)
  return (
    <div className="rw-meter">
      <p className="rw-meter__words" id={id}>
        <span>{label}</span>
        <span>{words}</span>
      </p>
      <div
        aria-labelledby={id}
        aria-valuemax={100}
        aria-valuemin={0}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={words}
        className="rw-progress__track"
        role="meter"
      >
        <div
          className={`rw-meter__bar ${share > nearlyAll ? 'rw-meter__bar--nearly' : ''}`}
          style={{ inlineSize: `${String(share * 100)}%` }}
        />
      </div>
    </div>
  )
}
