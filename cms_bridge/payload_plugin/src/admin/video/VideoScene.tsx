'use client'
/** A scene's card on the page of its video. */
import {
  Button,
  ChevronIcon,
  ConfirmationModal,
  DragHandleIcon,
  useDraggableSortable,
  useModal,
} from '@payloadcms/ui'
import { type ReactNode, useId, useState } from 'react'

import type { SceneRow, StoryboardDoc } from '../../documents.ts'
import type { BoardScene, MadeKind, Price } from '../../endpoints/contract.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { Again, useTake } from '../board/Again.tsx'
import { CastChips } from '../board/CastChips.tsx'
import { Lock } from '../board/Lock.tsx'
import { approvalOf, colourOf, editOf, type SceneEdit, withNote } from '../board/model.ts'
import { Narration } from '../board/Narration.tsx'
import { type ApproveScene, SceneApproval } from '../board/SceneApproval.tsx'
import { SceneChange, SceneFacts } from '../board/SceneFacts.tsx'
import { ScenePicture } from '../board/ScenePicture.tsx'
import { useMediumAddress } from '../board/useBoard.ts'
import { type EditedScene, editedOf, SceneEditor } from './SceneEditor.tsx'
import { useEditFocus } from './useEditFocus.ts'
import type { TellTyped, TypedCard } from './useTyped.ts'
import '../shared/board.css'

interface Props {
  approve: ApproveScene | null
  awaited: boolean
  count: number
  /** What is typed on the card and not saved; null where it is not being edited. */
  draft: null | TypedCard
  index: number
  /** Whether anybody has told yet what is made. */
  isKnown: boolean
  /** Whether the scene before it, and the one after it, keep their places. */
  lockedBeside: readonly [boolean, boolean]
  made: BoardScene | null
  mayEdit: boolean
  move: (to: number) => void
  /** Open all that can be set of the scene. */
  openAll: () => void
  price: null | Price
  remove: () => Promise<void>
  row: SceneRow
  save: (edit: SceneEdit) => Promise<boolean>
  storyboard: StoryboardDoc
  tellTyped: TellTyped
}

export function VideoScene(props: Props): ReactNode {
  const { count, index, lockedBeside, made, mayEdit, move, price, row, save, storyboard } = props
  const { approve, awaited, draft, isKnown, openAll, remove, tellTyped } = props
  const { t } = useTranslator()
  const number = index + 1
  const locked = row.locked === true
  const hint = useId()
  const take = useTake(storyboard.id)
  const addressOf = useMediumAddress()
  const { attributes, isDragging, listeners, setNodeRef, transform, transition } =
    useDraggableSortable({ id: row.id ?? '', disabled: !mayEdit || locked })
  const [busy, setBusy] = useState(false)
  const { buttons, fields } = useEditFocus(draft !== null)
  const { openModal } = useModal()
  const removeSlug = `reelwright-remove-${row.id ?? ''}`

  const write = (scene: EditedScene | null): void => tellTyped(row.id, scene)
  const store = async (edit: SceneEdit): Promise<void> => {
    setBusy(true)
    const saved = await save(edit)
    setBusy(false)
    if (saved) write(null)
  }
  const again = async (kind: MadeKind): Promise<void> => {
    const number = await take(kind, {}, index)
    if (number !== null) await store({ change: { [`${kind}Take`]: number }, read: {} })
  }
  const colour = colourOf(row.background, storyboard.palette)
  const kinds: MadeKind[] = []
  if (!colour && made?.picture) kinds.push('picture')
  if (made?.narration) kinds.push('narration')
  return (
    <article
      aria-label={t('scene.numbered', { number })}
      className={`rw-board__scene${isDragging ? ' rw-board__scene--dragged' : ''}`}
      ref={setNodeRef}
      style={{ transform, transition }}
    >
      <header className="rw-board__sceneHead">
        <strong>{t('scene.numbered', { number })}</strong>
        {mayEdit && (
          <span className="rw-board__moves">
            <Lock
              disabled={busy || draft !== null}
              locked={locked}
              number={number}
              toggle={() => void store({ change: { locked: !locked }, read: {} })}
            />
            {count > 1 && (
              <>
                <Button
                  aria-label={t('board.earlier', { number })}
                  buttonStyle="icon-label"
                  disabled={index === 0 || locked || lockedBeside[0]}
                  icon={<ChevronIcon direction="up" />}
                  margin={false}
                  onClick={() => move(index - 1)}
                />
                <Button
                  aria-label={t('board.later', { number })}
                  buttonStyle="icon-label"
                  disabled={index === count - 1 || locked || lockedBeside[1]}
                  icon={<ChevronIcon direction="down" />}
                  margin={false}
                  onClick={() => move(index + 1)}
                />
                <span hidden id={hint}>
                  {t('board.drag.help')}
                </span>
                <button
                  {...attributes}
                  {...listeners}
                  aria-describedby={hint}
                  aria-label={t('board.drag', { number })}
                  aria-roledescription={undefined}
                  className="rw-board__handle"
                  disabled={locked}
                  type="button"
                >
                  <DragHandleIcon />
                </button>
              </>
            )}
          </span>
        )}
      </header>
      <ScenePicture
        address={made?.picture ? addressOf(made.picture) : undefined}
        aspectRatio={storyboard.aspectRatio}
        colour={colour}
        isKnown={isKnown}
        palette={storyboard.palette}
        picture={made?.picture ?? null}
        prompt={row.picturePrompt ?? ''}
      />
      <CastChips cast={made?.cast} />
      <p className="rw-board__quiet">
        {t(`motion.${row.motion ?? 'zoom_in'}`)} ·{' '}
        {row.motion === 'generated' && row.clipSound && `${t('scene.clipSound')} · `}
        {t(`transition.${row.transition ?? 'crossfade'}`)}
      </p>
      {made?.narration ? (
        <Narration
          address={addressOf(made.narration)}
          always={!draft}
          narration={made.narration}
          number={number}
        />
      ) : (
        !draft && row.narration && <p dir="auto">{row.narration}</p>
      )}
      {!draft && row.onScreenText && (
        <div>
          <p className="rw-board__quiet">{t('scene.onScreenText')}</p>
          <p dir="auto">{row.onScreenText}</p>
        </div>
      )}
      {draft && (
        <SceneEditor
          busy={busy}
          fields={fields}
          leave={() => write(null)}
          name={row.id ?? ''}
          save={() => void store(editOf(draft.read, draft.words))}
          scene={draft.words}
          write={write}
        />
      )}
      {locked && <p className="rw-board__quiet">{t('board.locked.help')}</p>}
      {mayEdit && !draft && !locked && (
        <div className="rw-board__buttons" ref={buttons}>
          <Button
            buttonStyle="secondary"
            disabled={busy}
            margin={false}
            onClick={() => write(editedOf(row))}
            size="small"
          >
            {t('board.edit')}
          </Button>
          <Button
            aria-label={t('board.more.numbered', { number })}
            buttonStyle="secondary"
            disabled={busy}
            margin={false}
            onClick={openAll}
            size="small"
          >
            {t('board.more')}
          </Button>
          <Again
            again={again}
            disabled={busy}
            kinds={kinds}
            name={row.id ?? ''}
            redraw={(note) => {
              const picturePrompt = row.picturePrompt ?? ''
              const change = { picturePrompt: withNote(picturePrompt, note) }
              return store({ change, read: { picturePrompt } })
            }}
          />
          {count > 1 && (
            <Button
              aria-label={t('board.remove.numbered', { number })}
              buttonStyle="secondary"
              disabled={busy}
              margin={false}
              onClick={() => openModal(removeSlug)}
              size="small"
            >
              {t('board.remove')}
            </Button>
          )}
          <ConfirmationModal
            body={t('confirm.removeScene.help')}
            confirmLabel={t('board.remove')}
            heading={t('confirm.removeScene', { number })}
            modalSlug={removeSlug}
            onConfirm={remove}
          />
        </div>
      )}
      {/* The price comes later than the rest: below, so that it moves nothing that is pressed. */}
      <SceneChange number={number} price={price} />
      <SceneFacts number={number} price={price} seconds={row.duration ?? made?.seconds} />
      <SceneApproval
        approve={mayEdit ? approve : null}
        awaited={awaited}
        number={number}
        price={price}
        sceneId={row.sceneId}
        standing={approvalOf(price, storyboard, row.sceneId)}
        unsaved={busy || draft !== null}
      />
    </article>
  )
}
