'use client'
/** The plugin's words in the language of the admin. */
import { useTranslation } from '@payloadcms/ui'
import { useCallback } from 'react'

import { type TranslationKey, type TranslationParams, translate } from '../../translations/index.ts'

export interface Translator {
  language: string
  t: (key: TranslationKey, params?: TranslationParams) => string
}

export function useTranslator(): Translator {
  const { i18n } = useTranslation()
  const { language } = i18n
  const t = useCallback(
    (key: TranslationKey, params?: TranslationParams) => translate(language, key, params),
    [language],
  )
  return { language, t }
}
