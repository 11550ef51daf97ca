'use client'
/** The approval of a storyboard as it was last saved, at the price that was shown. */
import { toast, useConfig } from '@payloadcms/ui'
import { useCallback } from 'react'

import type { Id } from '../../documents.ts'
import { readPayloadError } from './api.ts'
import { useTranslator } from './useTranslator.ts'

type Approve = (storyboard: Id, approvedCost: null | string) => Promise<void>

/** Return the function that approves; it tells the editor what Payload has against it. */
export function useApproval(storyboards: string): Approve {
  const { config } = useConfig()
  const { t } = useTranslator()
  const collection = `${config.serverURL}${config.routes.api}/${storyboards}`
  return useCallback<Approve>(
    async (storyboard, approvedCost) => {
      const response = await fetch(`${collection}/${String(storyboard)}?depth=0`, {
        method: 'PATCH',
        credentials: 'include',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ decision: 'approved', approvedCost }),
      }).catch(() => null)
      if (!response?.ok) toast.error(await readPayloadError(response, t('panel.unreachable')))
    },
    [collection, t],
  )
}
