'use client'
/** A scene in figures, and beside them what is new of it. */
import { Pill } from '@payloadcms/ui'
import type { ReactNode } from 'react'

import type { Price } from '../../endpoints/contract.ts'
import { tellChange } from '../shared/Changes.tsx'
import { useTranslator } from '../shared/useTranslator.ts'
import { changeOf, formatMotionPrice, formatScenePrice } from './model.ts'
import '../shared/board.css'

interface Props {
  /** Counts from 1. */
  number: number
  price: null | Price
}

/** What of it differs from the film. */
export function SceneChange({ number, price }: Props): ReactNode {
  const translator = useTranslator()
  const change = changeOf(price, number)
  if (!change) return null
  return (
    <Pill className="rw-scenechange" pillStyle="warning" size="small">
      {tellChange(change, translator)}
    </Pill>
  )
}

/** What it costs now, what of that its motion, and how long it is seen. */
export function SceneFacts({
  number,
  price,
  seconds,
}: Props & { seconds: null | number | undefined }): ReactNode {
  const { language, t } = useTranslator()
  const scene = price?.scenes[number - 1]
  const due = formatScenePrice(scene, language)
  const motion = formatMotionPrice(scene, language)
  const length = new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  })
  if (!seconds && !due) return null
  return (
    <span className="rw-scenefacts">
      {seconds ? <span>{length.format(seconds)}</span> : null}
      {due && <span>{t('board.due', { price: due })}</span>}
      {motion && <span>{t('board.due.motion', { price: motion })}</span>}
    </span>
  )
}
