'use client'
/** One of a few, with an arrow that stands at the end of its line in every language. */
import type { ComponentProps, ReactNode } from 'react'

import './forms.css'

export function Select(props: ComponentProps<'select'>): ReactNode {
  return (
    <span className="rw-select">
      <select {...props} />
    </span>
  )
}
