'use client'
/** A scene in the form of its storyboard: what is seen and heard of it, beside its fields. */
import { Button, useDocumentInfo, useForm, useFormFields, useFormModified } from '@payloadcms/ui'
import type { UIFieldClientProps } from 'payload'
import { reduceFieldsToValues } from 'payload/shared'
import type { ReactNode } from 'react'

import type { BackgroundRow, SceneRow } from '../../documents.ts'
import type { MadeKind } from '../../endpoints/contract.ts'
import type { AspectRatio, Palette } from '../../generated/events.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { Again, useTake } from './Again.tsx'
import { CastChips } from './CastChips.tsx'
import { Lock } from './Lock.tsx'
import { colourOf, madeOf, withNote } from './model.ts'
import { Narration } from './Narration.tsx'
import { SceneApproval } from './SceneApproval.tsx'
import { SceneFacts } from './SceneFacts.tsx'
import { ScenePicture } from './ScenePicture.tsx'
import { useDesk, useMediumAddress } from './useBoard.ts'
import '../shared/board.css'

/** What a new take or other words of each kind are: the fields that decide what is made. */
const fieldsOf = {
  picture: ['picturePrompt', 'pictureTake'],
  narration: ['narration', 'narrationTake'],
} as const satisfies Record<MadeKind, readonly (keyof SceneRow)[]>

export function SceneCard({ path, readOnly }: UIFieldClientProps & { path: string }): ReactNode {
  const { t } = useTranslator()
  const row = path.slice(0, path.lastIndexOf('.'))
  const index = Number(row.split('.').at(-1))
  const { id } = useDocumentInfo()
  const { approve, awaited, board, price } = useDesk(id)
  const modified = useFormModified()
  const addressOf = useMediumAddress()
  const take = useTake(id)
  const { dispatchFields, getFields, setModified } = useForm()
  const value = useRowValues(row)
  const colours = usePalette()
  const aspectRatio = useFormFields(([fields]) => fields.aspectRatio?.value as AspectRatio)
  const made = madeOf(board, value.sceneId)
  const colour = colourOf(value.background, colours)
  const prompt = value.picturePrompt ?? ''
  const narration = made?.narration
  const locked = value.locked === true

  const set = (field: keyof SceneRow, to: unknown): void => {
    dispatchFields({ type: 'UPDATE', path: `${row}.${field}`, value: to })
    setModified(true)
  }
  const again = async (kind: MadeKind): Promise<void> => {
    const number = await take(kind, reduceFieldsToValues(getFields(), true), index)
    if (number !== null) set(`${kind}Take`, number)
  }
  const keep = (kind: MadeKind): void => {
    const saved = getFields()
    for (const field of fieldsOf[kind]) set(field, saved[`${row}.${field}`]?.initialValue)
  }
  const kinds: MadeKind[] = []
  if (!colour && made?.picture) kinds.push('picture')
  if (narration) kinds.push('narration')
  return (
    <div className={`rw-card${locked ? ' rw-card--locked' : ''}`}>
      <ScenePicture
        address={made?.picture ? addressOf(made.picture) : undefined}
        aspectRatio={aspectRatio}
        colour={colour}
        isKnown={board !== null}
        palette={colours}
        picture={made?.picture ?? null}
        prompt={prompt}
        stale={value.stale.picture && made?.picture !== null}
      />
      <div className="rw-card__head">
        <SceneFacts number={index + 1} price={price} seconds={value.duration ?? made?.seconds} />
        {!readOnly && (
          <Lock locked={locked} number={index + 1} toggle={() => set('locked', !locked)} />
        )}
      </div>
      <SceneApproval
        approve={readOnly ? null : approve}
        awaited={awaited}
        number={index + 1}
        price={price}
        sceneId={value.sceneId}
        unsaved={modified}
      />
      <CastChips cast={made?.cast} />
      {narration ? (
        <Narration address={addressOf(narration)} narration={narration} number={index + 1} />
      ) : (
        board &&
        value.narration?.trim() && <p className="rw-board__quiet">{t('board.notSpoken')}</p>
      )}
      {narration && value.stale.narration && (
        <p className="rw-board__quiet">{t('board.spokenAnew')}</p>
      )}
      {locked && <LockedWords value={value} />}
      {!readOnly && !locked && (
        <Again
          again={again}
          kinds={kinds}
          name={row}
          redraw={(note) => set('picturePrompt', withNote(prompt, note))}
        />
      )}
      {(['picture', 'narration'] as const).map(
        (kind) =>
          made?.[kind] &&
          value.stale[kind] && (
            <Button
              buttonStyle="secondary"
              key={kind}
              margin={false}
              onClick={() => keep(kind)}
              size="small"
            >
              {t(kind === 'picture' ? 'board.keepPicture' : 'board.keepReading')}
            </Button>
          ),
      )}
    </div>
  )
}

/** What the hidden fields say: to be read, and not to be changed. */
function LockedWords({ value }: { value: RowValues }): ReactNode {
  const { t } = useTranslator()
  const words = (['narration', 'picturePrompt', 'onScreenText'] as const).filter((name) =>
    value[name]?.trim(),
  )
  return (
    <div className="rw-card__locked">
      <p className="rw-board__quiet">{t('board.locked.help')}</p>
      <dl className="rw-card__words">
        {words.map((name) => (
          <div key={name}>
            <dt>{t(`scene.${name}`)}</dt>
            <dd dir="auto">{value[name]}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

/** Return the colours of the whole. */
function usePalette(): Palette {
  const json = useFormFields(([fields]) =>
    JSON.stringify(
      ['background', 'foreground', 'accent'].map((name) => [
        name,
        fields[`palette.${name}`]?.value,
      ]),
    ),
  )
  return Object.fromEntries(JSON.parse(json) as [string, string][])
}

interface RowValues extends Pick<
  SceneRow,
  'background' | 'duration' | 'locked' | 'narration' | 'onScreenText' | 'picturePrompt' | 'sceneId'
> {
  /** Whether what is made is of other words than those of the form. */
  stale: Record<MadeKind, boolean>
}

/** Return what the card shows of a row; it is drawn anew only where one of these changes. */
function useRowValues(row: string): RowValues {
  const json = useFormFields(([fields]) => {
    const valueOf = (field: string): unknown => fields[`${row}.${field}`]?.value
    const isStale = (kind: MadeKind): boolean =>
      fieldsOf[kind].some((field) => {
        const { initialValue, value } = fields[`${row}.${field}`] ?? {}
        return (initialValue ?? null) !== (value ?? null)
      })
    const values: RowValues = {
      sceneId: valueOf('sceneId') as string,
      locked: valueOf('locked') as boolean,
      narration: valueOf('narration') as string,
      onScreenText: valueOf('onScreenText') as string,
      picturePrompt: valueOf('picturePrompt') as string,
      duration: valueOf('duration') as number,
      background: {
        kind: valueOf('background.kind') as BackgroundRow['kind'],
        colour: valueOf('background.colour') as string,
        start: valueOf('background.start') as string,
        end: valueOf('background.end') as string,
        angle: valueOf('background.angle') as number,
      },
      stale: { picture: isStale('picture'), narration: isStale('narration') },
    }
    return JSON.stringify(values)
  })
  return JSON.parse(json) as RowValues
}
