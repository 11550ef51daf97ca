'use client'
/** The plugin's words in the language of the admin. */
import { useTranslation } from '@payloadcms/ui'
import { useCallback } from 'react'

import { type Key, type Params, say } from '../../translations/index.ts'

export interface Words {
  language: string
  t: (key: Key, params?: Params) => string
}

export function useWords(): Words {
  const { i18n } = useTranslation()
  const { language } = i18n
  const t = useCallback((key: Key, params?: Params) => say(language, key, params), [language])
  return { language, t }
}
