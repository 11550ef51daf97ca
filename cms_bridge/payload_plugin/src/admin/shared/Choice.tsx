'use client'
/** One of a few, with its label above it. */
import type { ReactNode } from 'react'

import { Select } from './Select.tsx'
import './forms.css'

interface Props<T extends string> {
  choices: readonly T[]
  label: string
  nameOf: (choice: T) => string
  set: (choice: T) => void
  value: T
}

export function Choice<T extends string>(props: Props<T>): ReactNode {
  const { choices, label, nameOf, set, value } = props
  return (
    <label className="rw-choice">
      <span>{label}</span>
      <Select
        onChange={({ target }) => {
          const chosen = choices.find((each) => each === target.value)
          if (chosen) set(chosen)
        }}
        value={value}
      >
        {choices.map((each) => (
          <option key={each} value={each}>
            {nameOf(each)}
          </option>
        ))}
      </Select>
    </label>
  )
}
