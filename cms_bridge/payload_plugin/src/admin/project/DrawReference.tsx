'use client'
/** A reference picture of a member of the cast, drawn by its description at a price told before. */
import { Button, useDocumentInfo, useField, useFormFields } from '@payloadcms/ui'
import type { UIFieldClientProps } from 'payload'
import { type ReactNode, useEffect, useRef, useState } from 'react'

import type { Id, MediaChoice } from '../../documents.ts'
import type { Problem } from '../../generated/events.ts'
import { useEndpoints } from '../shared/api.ts'
import { formatDollars } from '../shared/format.ts'
import { untilMade } from '../shared/made.ts'
import { useLost } from '../shared/useLost.ts'
import { LostCalls } from '../shared/LostCalls.tsx'
import { translateProblem } from '../shared/translateProblem.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/panel.css'

type State =
  | { is: 'failed'; problem: null | Problem }
  | { is: 'idle' | 'making' }
  // Another description has another price, or none that was told.
  | { is: 'priced'; price: string; description: string }

/** `most` reference pictures at the most. */
export function DrawReference({
  most,
  path,
}: { most: number } & Pick<UIFieldClientProps, 'path'>): ReactNode {
  const { t, language } = useTranslator()
  const { id: project } = useDocumentInfo()
  const ask = useEndpoints()
  const row = path.slice(0, path.lastIndexOf('.'))
  const references = useField<MediaChoice[] | null | undefined>({ path: `${row}.references` })
  const name = useText(`${row}.name`)
  const kind = useText(`${row}.kind`) || 'person'
  const description = useText(`${row}.description`)
  const [state, setState] = useState<State>({ is: 'idle' })
  const gone = useRef(false)
  useEffect(() => {
    gone.current = false
    return () => {
      gone.current = true
    }
  }, [])

  const had = references.value ?? []
  /** Have it drawn, and return what became of that. */
  const draw = async (id: Id, upTo: string): Promise<State> => {
    const wanted = { description: `${name}: ${description}`, kind, take: had.length, upTo }
    const json = JSON.stringify(wanted)
    const ordered = await ask('drawMember', { params: { id }, json })
    if (!ordered.ok) return { is: 'failed', problem: ordered.problem }
    const { asset, price } = ordered.answer
    if (!asset) return { is: 'priced', price: price ?? '0', description }
    const problem = await untilMade(ask, id, asset, () => gone.current)
    if (problem) return { is: 'failed', problem }
    const question = { params: { id, asset }, json: JSON.stringify({ name }) }
    const kept = await ask('keepMade', question)
    if (!kept.ok) return { is: 'failed', problem: kept.problem }
    references.setValue([...had, kept.answer])
    return { is: 'idle' }
  }
  const price = state.is === 'priced' && state.description === description ? state.price : null
  const lost = useLost(project, price !== null)
  const press = async (): Promise<void> => {
    if (project === undefined) return
    setState({ is: 'making' })
    const failed: State = { is: 'failed', problem: null }
    const ended = await draw(project, price ?? '0').catch(() => failed)
    if (!gone.current) setState(ended)
  }

  const told = (problem: null | Problem): string =>
    (problem && translateProblem(problem, language)) || t('cast.draw.failed')
  const why =
    project === undefined
      ? t('cast.draw.unsaved')
      : !description
        ? t('cast.draw.undescribed')
        : had.length >= most
          ? t('cast.draw.most', { most })
          : ''
  const words = price
    ? t('cast.draw.for', { price: formatDollars(Number(price), language) })
    : t('cast.draw')
  return (
    <div className="field-type rw-draw">
      <div className="rw-panel__buttons">
        <Button
          buttonStyle="secondary"
          disabled={why !== '' || state.is === 'making'}
          margin={false}
          onClick={() => void press()}
          size="small"
        >
          {state.is === 'making' ? t('cast.draw.making') : words}
        </Button>
      </div>
      {price && <LostCalls price={lost} />}
      <p className="rw-panel__help" role="status">
        {why || (state.is === 'failed' ? told(state.problem) : t('cast.draw.help'))}
      </p>
    </div>
  )
}

function useText(path: string): string {
  const value = useFormFields(([fields]) => fields[path]?.value)
  return typeof value === 'string' ? value.trim() : ''
}
