'use client'
/** What is said over a scene: to hear, with the word that is spoken lit, or to read. */
import { type ReactNode, useEffect, useRef, useState } from 'react'

import type { BoardNarration } from '../../endpoints/contract.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { wordAt } from './model.ts'
import '../shared/board.css'

interface Props {
  address: string
  narration: BoardNarration
  /** Counts from 1. */
  number: number
  /** Whether the words are shown while nothing is heard. */
  always?: boolean
}

export function Narration({ address, always = false, narration, number }: Props): ReactNode {
  const { t } = useTranslator()
  const audio = useRef<HTMLAudioElement>(null)
  const [playing, setPlaying] = useState(false)
  const [lit, setLit] = useState(-1)
  const { text, words } = narration

  useEffect(() => {
    if (!playing) return undefined
    let frame = 0
    const follow = (): void => {
      setLit(wordAt(words, audio.current?.currentTime ?? 0))
      frame = requestAnimationFrame(follow)
    }
    follow()
    return () => cancelAnimationFrame(frame)
  }, [playing, words])

  return (
    <div className="rw-narration">
      {(always || playing) && (
        <p className="rw-narration__words" dir="auto">
          {words.length === 0
            ? text
            : words.map((word, index) => (
                <span className={index === lit ? 'rw-narration__lit' : undefined} key={index}>
                  {word.text}
                </span>
              ))}
        </p>
      )}
      <audio
        aria-label={t('board.player', { number })}
        controls
        onEnded={() => {
          setPlaying(false)
          setLit(-1)
        }}
        onPause={() => setPlaying(false)}
        onPlay={() => setPlaying(true)}
        preload="none"
        ref={audio}
        src={address}
      />
    </div>
  )
}
