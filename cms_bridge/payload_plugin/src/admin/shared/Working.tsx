'use client'
/** What is just being done, by which model, and about how long it will take. */
import { type ReactNode, useEffect, useState } from 'react'

import type { RenditionDoc } from '../../documents.ts'
import type { Live } from './live.ts'
import { useTranslator } from './useTranslator.ts'
import { tellWork } from './work.ts'
import './panel.css'

/** An estimate grows old while nothing is heard. */
const lookMs = 5_000

export function Working({ live, rendition }: { live: Live; rendition: RenditionDoc }): ReactNode {
  const { language } = useTranslator()
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!live.isLive) return undefined
    const timer = setInterval(() => setNow(Date.now()), lookMs)
    return () => clearInterval(timer)
  }, [live.isLive])

  const told = tellWork(live, rendition, now, language)
  if (told.length === 0) return null
  return (
    <ul className="rw-working">
      {told.map((words) => (
        <li key={words}>{words}</li>
      ))}
    </ul>
  )
}
