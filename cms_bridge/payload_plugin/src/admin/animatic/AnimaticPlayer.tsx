'use client'
/** The player of an animatic: a canvas, its controls, and the scenes with what they cost. */
import { Button, useConfig } from '@payloadcms/ui'
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'

import { cueAt, sceneAt } from '../../animatic/moments.ts'
import { Player, type PlayerState } from '../../animatic/player.ts'
import { type Animatic, pathTo } from '../../endpoints/contract.ts'
import { formatLength } from '../shared/format.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { isGuessed, isRead } from './readings.ts'
import { SceneStrip } from './SceneStrip.tsx'

/** Seconds that an arrow key goes. */
const step = 1

export function AnimaticPlayer({ animatic }: { animatic: Animatic }): ReactNode {
  const { timeline } = animatic
  const { t } = useTranslator()
  const { config } = useConfig()
  const api = `${config.serverURL}${config.routes.api}`
  const canvas = useRef<HTMLCanvasElement>(null)
  const player = useRef<null | Player>(null)
  const [state, setState] = useState<PlayerState>({ playing: false, seconds: 0 })
  const [muted, setMuted] = useState(false)

  useEffect(() => {
    if (!canvas.current) return undefined
    const made = new Player(
      canvas.current,
      (file) => api + pathTo('font', { file }),
      (told) => setState(told),
    )
    player.current = made
    return () => made.close()
  }, [api])
  useEffect(() => void player.current?.show(timeline), [timeline])

  const seek = (seconds: number): void => void player.current?.seek(seconds)
  const toggle = (): void => {
    if (state.playing) player.current?.pause()
    else void player.current?.play()
  }
  const onKey = (event: KeyboardEvent): void => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (event.key === ' ') toggle()
    else if (way) seek(state.seconds + way * step)
    else return
    event.preventDefault()
  }
  const { duration, frameRate } = timeline
  const scene = sceneAt(timeline, Math.floor(state.seconds * frameRate))
  const told = t('animatic.time', {
    now: formatLength(state.seconds),
    all: formatLength(duration),
  })
  // Burned-in captions are seen already.
  const cue = timeline.captions.style === 'none' ? cueAt(timeline, state.seconds) : undefined
  return (
    <>
      <div className="rw-animatic__stage">
        <canvas
          aria-label={
            scene
              ? `${t('scene.numbered', { number: scene.number })}: ${scene.title}`
              : t('animatic')
          }
          className="rw-animatic__canvas"
          height={timeline.canvas.height}
          onClick={toggle}
          ref={canvas}
          role="img"
          width={timeline.canvas.width}
        />
        {cue && (
          <p className="rw-animatic__caption" dir="auto" lang={timeline.locale}>
            {cue.text}
          </p>
        )}
      </div>
      <div className="rw-animatic__controls">
        <Button margin={false} onClick={toggle} size="small">
          {t(state.playing ? 'animatic.pause' : 'animatic.play')}
        </Button>
        <input
          aria-label={t('animatic.position')}
          aria-valuetext={told}
          className="rw-animatic__slider"
          max={duration}
          min={0}
          onChange={(event) => seek(Number(event.target.value))}
          onKeyDown={onKey}
          step={1 / frameRate}
          type="range"
          value={state.seconds}
        />
        <span aria-hidden className="rw-animatic__time">
          {told}
        </span>
        <Button
          buttonStyle="secondary"
          margin={false}
          onClick={() => {
            if (player.current) player.current.sound.muted = !muted
            setMuted(!muted)
          }}
          size="small"
        >
          {t(muted ? 'animatic.unmute' : 'animatic.mute')}
        </Button>
      </div>
      <SceneStrip animatic={animatic} current={scene?.id} seek={seek} />
      {isRead(timeline) && <p className="rw-panel__help">{t('animatic.reading')}</p>}
      {isGuessed(timeline) && <p className="rw-panel__help">{t('animatic.estimated')}</p>}
      {timeline.music && !timeline.music.asset && !timeline.music.bedUrl && (
        <p className="rw-panel__help">{t('animatic.music')}</p>
      )}
    </>
  )
}
