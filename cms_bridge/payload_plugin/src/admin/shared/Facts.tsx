'use client'
/** Small facts, each with its name. */
import type { ReactNode } from 'react'

import './panel.css'

export function Facts({ facts }: { facts: readonly (readonly [string, string])[] }): ReactNode {
  if (facts.length === 0) return null
  return (
    <dl className="rw-facts">
      {facts.map(([name, value]) => (
        <div className="rw-facts__fact" key={name}>
          <dt>{name}</dt>
          {/* `1920 × 1080` runs from left to right among words that do not. */}
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  )
}
