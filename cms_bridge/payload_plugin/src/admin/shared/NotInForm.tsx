'use client'
/** A field that a form does not show: told by a panel, or by a number that means something to programs alone. */
import type { ReactNode } from 'react'

/** Unlike a condition, it leaves what is required required, and a column of it in lists. */
export function NotInForm(): ReactNode {
  return null
}
