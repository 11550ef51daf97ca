'use client'
/** The title of a scene's row: its picture, its number and its first words. */
import { Pill, useDocumentInfo, useRowLabel } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import type { SceneRow } from '../../documents.ts'
import { madeOf } from '../board/model.ts'
import { useWantedScene } from '../board/wantedScene.ts'
import { SceneChange, SceneFacts } from '../board/SceneFacts.tsx'
import { useDesk, useMediumAddress } from '../board/useBoard.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/panel.css'

export function SceneLabel(): ReactNode {
  const { data, rowNumber = 0 } = useRowLabel<SceneRow | undefined>()
  const { t } = useTranslator()
  const { id } = useDocumentInfo()
  const place = useWantedScene<HTMLSpanElement>(data?.id)
  const { board, price } = useDesk(id)
  const addressOf = useMediumAddress()
  const made = madeOf(board, data?.sceneId)
  const shown = (data?.background?.kind ?? 'picture') === 'picture' && made?.picture
  const text = data?.onScreenText || data?.narration || data?.picturePrompt || ''
  return (
    <span className="rw-scene" ref={place}>
      {shown && shown.mediaType.startsWith('image/') && (
        <img alt="" className="rw-scene__picture" loading="lazy" src={addressOf(shown)} />
      )}
      <strong className="rw-scene__number">{t('scene.numbered', { number: rowNumber + 1 })}</strong>
      <bdi className="rw-scene__words">{text}</bdi>
      <SceneFacts number={rowNumber + 1} price={price} seconds={data?.duration ?? made?.seconds} />
      <SceneChange number={rowNumber + 1} price={price} />
      {data?.locked && <Pill size="small">{t('scene.locked')}</Pill>}
    </span>
  )
}
