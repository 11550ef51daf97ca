'use client'
/** What may come on top of a price: the project lets calls whose answer is lost count as paid. */
import type { ReactNode } from 'react'

import type { Price } from '../../endpoints/contract.ts'
import { useTranslator } from './useTranslator.ts'
import { formatLost } from './price.ts'
import './panel.css'

export function LostCalls({ price }: { price: null | Pick<Price, 'lostAtMost'> }): ReactNode {
  const { language } = useTranslator()
  const words = price && formatLost(price, language)
  return words && <p className="rw-panel__help">{words}</p>
}
