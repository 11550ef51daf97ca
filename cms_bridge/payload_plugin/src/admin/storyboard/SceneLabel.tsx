'use client'
/** The title of a scene's row: its number and its first words. */
import { useRowLabel } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import type { SceneRow } from '../../documents.ts'
import { useTranslator } from '../shared/useTranslator.ts'

export function SceneLabel(): ReactNode {
  const { data, rowNumber } = useRowLabel<SceneRow | undefined>()
  const { t } = useTranslator()
  const text = data?.onScreenText || data?.narration || data?.picturePrompt || ''
  return (
    <span className="rw-scene">
      <strong>{t('scene.numbered', { number: (rowNumber ?? 0) + 1 })}</strong>
      <span className="rw-scene__words">{text}</span>
    </span>
  )
}
