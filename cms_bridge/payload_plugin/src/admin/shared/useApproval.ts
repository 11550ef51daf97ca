'use client'
/** The approval of a storyboard as it was shown, at the price that was shown. */
import { toast, useConfig } from '@payloadcms/ui'
import { useCallback } from 'react'

import type { Id, StoryboardDoc } from '../../documents.ts'
import { readPayloadError } from './api.ts'
import { useTranslator } from './useTranslator.ts'

/** What somebody looks at who approves it. */
interface Shown {
  id: Id
  revision: number
}

/** Returns the revision that is approved; null where it was refused. */
type Approve = (storyboard: Shown, approvedCost: null | string) => Promise<null | number>

/** Return the function that approves; it tells the editor what Payload has against it. */
export function useApproval(storyboards: string): Approve {
  const { config } = useConfig()
  const { t } = useTranslator()
  const collection = `${config.serverURL}${config.routes.api}/${storyboards}`
  return useCallback<Approve>(
    async ({ id, revision }, approvedCost) => {
      const response = await fetch(`${collection}/${String(id)}?depth=0`, {
        method: 'PATCH',
        credentials: 'include',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ decision: 'approved', approvedCost, revisionSeen: revision }),
      }).catch(() => null)
      if (!response?.ok) {
        toast.error(await readPayloadError(response, t('panel.unreachable')))
        return null
      }
      const { doc } = (await response.json()) as { doc: StoryboardDoc }
      return doc.revision ?? 0
    },
    [collection, t],
  )
}
