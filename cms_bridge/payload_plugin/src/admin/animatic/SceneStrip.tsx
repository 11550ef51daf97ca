'use client'
/** The scenes of an animatic, each a way to its beginning, as wide as it is long. */
import type { ReactNode } from 'react'

import type { Animatic } from '../../endpoints/contract.ts'
import { formatDollars, formatLength } from '../shared/format.ts'
import { useTranslator } from '../shared/useTranslator.ts'

export function SceneStrip({
  animatic: { due, timeline },
  current,
  seek,
}: {
  animatic: Animatic
  /** The id of the scene that is seen. */
  current: string | undefined
  seek: (seconds: number) => void
}): ReactNode {
  const { language, t } = useTranslator()
  return (
    <ol aria-label={t('scenes')} className="rw-animatic__scenes">
      {timeline.scenes.map(({ alone, id, number, span, title }) => {
        const cost = Number(due[id] ?? 0)
        return (
          <li key={id} style={{ flexGrow: span.duration }}>
            <button
              aria-current={id === current}
              className="rw-animatic__scene"
              onClick={() => seek(alone.start)}
              type="button"
            >
              <span className="rw-unseen">
                {[
                  t('animatic.scene', { number, title, time: formatLength(span.start) }),
                  ...(cost > 0 ? [formatDollars(cost, language)] : []),
                ].join(', ')}
              </span>
              <span aria-hidden>{number}</span>
              <span aria-hidden className="rw-animatic__cost">
                {cost > 0 ? formatDollars(cost, language) : formatLength(span.duration)}
              </span>
            </button>
          </li>
        )
      })}
    </ol>
  )
}
