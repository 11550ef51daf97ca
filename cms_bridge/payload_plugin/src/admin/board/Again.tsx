'use client'
/** A scene's picture or narration once more; for a picture, with a note of what should differ. */
import { Button, TextareaInput, toast } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import type { Id } from '../../documents.ts'
import type { MadeKind, StoryboardEdit } from '../../endpoints/contract.ts'
import type { Problem } from '../../generated/events.ts'
import { useEndpoints } from '../shared/api.ts'
import { translateProblem } from '../shared/translateProblem.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/board.css'

interface Props {
  disabled?: boolean
  /** What is made of the scene. */
  kinds: readonly MadeKind[]
  /** Names the note's box on the page. */
  name: string
  /** Have it made in the same words. */
  again: (kind: MadeKind) => Promise<void>
  /** Have the picture made with a note. */
  redraw: (note: string) => Promise<void> | void
}

export function Again({ again, disabled = false, kinds, name, redraw }: Props): ReactNode {
  const { t } = useTranslator()
  const [asking, setAsking] = useState(false)
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)

  const whileBusy = async (work: () => Promise<void> | void): Promise<void> => {
    setBusy(true)
    try {
      await work()
    } finally {
      setBusy(false)
    }
  }
  const draw = (): void =>
    void whileBusy(async () => {
      await (note.trim() ? redraw(note) : again('picture'))
      setAsking(false)
      setNote('')
    })
  return (
    <div className="rw-again">
      <div className="rw-board__buttons">
        {kinds.includes('picture') && (
          <Button
            buttonStyle="secondary"
            disabled={disabled || busy}
            extraButtonProps={{ 'aria-expanded': asking }}
            margin={false}
            onClick={() => setAsking(!asking)}
            size="small"
          >
            {t('board.anotherPicture')}
          </Button>
        )}
        {kinds.includes('narration') && (
          <Button
            buttonStyle="secondary"
            disabled={disabled || busy}
            margin={false}
            onClick={() => void whileBusy(() => again('narration'))}
            size="small"
          >
            {t('board.anotherReading')}
          </Button>
        )}
      </div>
      {asking && (
        <div className="rw-again__note">
          <TextareaInput
            description={t('board.note.help')}
            label={t('board.note')}
            onChange={(event) => setNote(event.target.value)}
            path={`board-${name}-note`}
            rows={2}
            value={note}
          />
          <div className="rw-board__buttons">
            <Button disabled={busy} margin={false} onClick={draw} size="small">
              {t('board.draw')}
            </Button>
            <Button
              buttonStyle="secondary"
              margin={false}
              onClick={() => setAsking(false)}
              size="small"
            >
              {t('board.leave')}
            </Button>
          </div>
        </div>
      )}
    </div>
  )
}

type AskForTake = (kind: MadeKind, edit: StoryboardEdit, scene: number) => Promise<null | number>

/** Return the function that asks for a take nobody has seen; it tells the editor of a refusal. */
export function useTake(id: Id | undefined): AskForTake {
  const ask = useEndpoints()
  const { language, t } = useTranslator()
  const refuse = (problem: null | Problem): null => {
    toast.error(problem ? translateProblem(problem, language) : t('panel.unreachable'))
    return null
  }
  return async (kind, edit, scene) => {
    if (id === undefined) return null
    const json = JSON.stringify({ edit, kind, scene })
    const reply = await ask('take', { params: { id }, json }).catch(() => null)
    return reply?.ok ? reply.answer.take : refuse(reply?.problem ?? null)
  }
}
