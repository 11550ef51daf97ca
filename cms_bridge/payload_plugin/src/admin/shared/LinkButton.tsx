'use client'
/** A link that stands among buttons. */
import { Button } from '@payloadcms/ui'
import type { ReactNode } from 'react'

export function LinkButton({ children, to }: { children: ReactNode; to: string }): ReactNode {
  return (
    <Button buttonStyle="secondary" el="link" margin={false} size="medium" to={to}>
      {children}
    </Button>
  )
}
