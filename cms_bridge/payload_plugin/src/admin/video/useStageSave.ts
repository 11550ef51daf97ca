'use client'
/** The save that asks for a stage: of a draft, where the host has drafts, which it stays. */
import {
  useConfig,
  useDocumentInfo,
  useForm,
  useFormBackgroundProcessing,
  useLocale,
} from '@payloadcms/ui'
import { formatAdminURL } from 'payload/shared'
import { useEffect, useRef } from 'react'

import type { StageRequest } from '../../documents.ts'

const lookAgainMs = 50

/** Return the function that saves the form as it stands, once a save of itself under way has ended. */
export function useStageSave(): (stage: StageRequest) => Promise<void> {
  const { config, getEntityConfig } = useConfig()
  const { collectionSlug = '', id } = useDocumentInfo()
  const { code: locale } = useLocale()
  const { submit } = useForm()
  const saving = useFormBackgroundProcessing()
  const isSaving = useRef(saving)
  useEffect(() => {
    isSaving.current = saving
  }, [saving])

  return async (stage) => {
    // The older of two saves, arriving last, would take back what was typed since.
    while (isSaving.current) await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
    const { versions } = getEntityConfig({ collectionSlug })
    if (!versions?.drafts) {
      await submit({ overrides: { stage } })
      return
    }
    const path: `/${string}` = `/${collectionSlug}${id === undefined ? '' : `/${String(id)}`}`
    const query = new URLSearchParams({
      ...{ depth: '0', draft: 'true', 'fallback-locale': 'null' },
      ...(locale && { locale }),
    })
    const address = formatAdminURL({ apiRoute: config.routes.api, path })
    await submit({
      action: `${address}?${query.toString()}`,
      method: id === undefined ? 'POST' : 'PATCH',
      overrides: { _status: 'draft', stage },
      skipValidation: true,
    })
  }
}
