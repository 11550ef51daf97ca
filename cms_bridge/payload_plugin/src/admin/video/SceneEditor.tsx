'use client'
/** What is changed of a scene on its card: its words, its length, its camera and how it ends. */
import { Button, TextareaInput } from '@payloadcms/ui'
import type { ReactNode, RefObject } from 'react'

import { motions, type SceneRow, transitions } from '../../documents.ts'
import { Choice } from '../shared/Choice.tsx'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/board.css'

const texts = ['narration', 'picturePrompt', 'onScreenText'] as const

export type EditedScene = Pick<
  SceneRow,
  (typeof texts)[number] | 'duration' | 'motion' | 'transition'
>

/** Return what of a scene is changed on its card, as it stands. */
export function editedOf(row: SceneRow): EditedScene {
  return {
    narration: row.narration ?? '',
    picturePrompt: row.picturePrompt ?? '',
    onScreenText: row.onScreenText ?? '',
    duration: row.duration ?? null,
    motion: row.motion ?? null,
    transition: row.transition ?? null,
  }
}

/** What a scene begins with. */
export const emptyScene: EditedScene = {
  ...editedOf({}),
  motion: motions[0],
  transition: transitions[0],
}

interface Props {
  busy: boolean
  /** What the fields are, for whoever leads the keyboard into them. */
  fields?: RefObject<HTMLDivElement | null>
  leave: () => void
  /** Names the fields of this scene and of no other. */
  name: string
  save: () => void
  scene: EditedScene
  write: (scene: EditedScene) => void
}

export function SceneEditor(props: Props): ReactNode {
  const { busy, fields, leave, name, save, scene, write } = props
  const { t } = useTranslator()
  return (
    <div className="rw-board__fields rw-text" ref={fields}>
      {texts.map((text) => (
        <TextareaInput
          key={text}
          label={t(`scene.${text}`)}
          onChange={(event) => write({ ...scene, [text]: event.target.value })}
          path={`board-${name}-${text}`}
          rows={text === 'onScreenText' ? 2 : 3}
          value={scene[text] ?? ''}
        />
      ))}
      <label className="rw-choice">
        <span>{t('scene.duration')}</span>
        <input
          min={0}
          onChange={({ target }) =>
            write({ ...scene, duration: target.value === '' ? null : target.valueAsNumber })
          }
          step={0.5}
          type="number"
          value={scene.duration ?? ''}
        />
        <small>{t('scene.duration.help')}</small>
      </label>
      <Choice
        choices={motions}
        label={t('scene.motion')}
        nameOf={(motion) => t(`motion.${motion}`)}
        set={(motion) => write({ ...scene, motion })}
        value={scene.motion ?? motions[0]}
      />
      <Choice
        choices={transitions}
        label={t('scene.transition')}
        nameOf={(transition) => t(`transition.${transition}`)}
        set={(transition) => write({ ...scene, transition })}
        value={scene.transition ?? transitions[0]}
      />
      <div className="rw-board__buttons">
        <Button disabled={busy} margin={false} onClick={save} size="small">
          {t('board.save')}
        </Button>
        <Button buttonStyle="secondary" margin={false} onClick={leave} size="small">
          {t('board.leave')}
        </Button>
      </div>
    </div>
  )
}
