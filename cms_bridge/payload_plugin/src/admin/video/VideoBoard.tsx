'use client'
/** A video's scenes on its own page: to look at, to hear, to put in order and to change. */
import { Button, DraggableSortable, toast, useDocumentInfo } from '@payloadcms/ui'
import { type ReactNode, useCallback, useMemo, useRef, useState } from 'react'

import type { Id, SceneRow } from '../../documents.ts'
import type { Price } from '../../endpoints/contract.ts'
import { usePrice } from '../storyboard/usePrice.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { inOrder, madeOf, moved, withEdits, withNew, without } from '../board/model.ts'
import { useSceneApproval } from '../board/SceneApproval.tsx'
import { useBoard } from '../board/useBoard.ts'
import { BoardAnimatic } from './BoardAnimatic.tsx'
import { useBoardDrawer } from './BoardDrawer.tsx'
import { NewScene } from './NewScene.tsx'
import { usePreviewed } from './usePreviewed.ts'
import { useScenes } from './useScenes.ts'
import { useTyped } from './useTyped.ts'
import { VideoScene } from './VideoScene.tsx'
import '../shared/board.css'

interface Props {
  /** Whether the storyboard waits for somebody to approve it. */
  awaited: boolean
  id: Id
  /** Whether scenes may be approved one by one now, by whoever looks at them. */
  mayApprove: boolean
  price: null | Price
  /** Look at once at how the video stands: something was saved. */
  refresh: () => void
  /** Changes with all that may change what is made, or the storyboard. */
  situation: string
  slug: string
}

export function VideoBoard(props: Props): ReactNode {
  const { awaited, id, mayApprove, price, refresh, situation, slug } = props
  const { t } = useTranslator()
  const { hasSavePermission } = useDocumentInfo()
  const [saves, setSaves] = useState(0)
  const [said, setSaid] = useState('')
  const title = useRef<HTMLHeadingElement>(null)
  const known = `${situation} ${String(saves)}`
  const { save, storyboard } = useScenes(id, slug, known)
  const board = useBoard(id, known)
  // The order that was asked for, while it is being saved.
  const [order, setOrder] = useState<null | string[]>(null)
  const rows = useMemo(
    () =>
      order
        ? storyboard?.scenes?.toSorted(
            (one, other) => order.indexOf(one.id ?? '') - order.indexOf(other.id ?? ''),
          )
        : storyboard?.scenes,
    [order, storyboard],
  )
  const approve = useSceneApproval(id, refresh)
  const tellGone = useCallback(() => toast.error(t('board.typedGone')), [t])
  const typed = useTyped(rows ?? undefined, tellGone)
  usePreviewed(id, typed.scenes)
  // What is typed has its price before it is saved.
  const typedPrice = usePrice(id, typed.isTyped ? { scenes: [...typed.scenes] } : undefined)
  const changed = (): void => {
    setSaves((count) => count + 1)
    refresh()
  }
  const { drawer, open } = useBoardDrawer(slug, id, changed)
  if (!storyboard || !rows) return null
  const ids = rows.map((row) => row.id ?? '')

  const store: typeof save = async (change) => {
    const saved = await save(change)
    if (saved) setSaves((count) => count + 1)
    refresh()
    return saved
  }
  const openAll = async (row?: SceneRow['id']): Promise<void> => {
    // Over the cards another form of the same scenes: what is typed on them would be lost to it.
    if (typed.isTyped) {
      if (!(await store((standing) => withEdits(standing, typed.edits)))) return
      typed.leaveAll()
      toast.success(t('board.typedSaved'))
    }
    open(row)
  }
  const move = async (from: number, to: number): Promise<void> => {
    if (from === to || from < 0 || to < 0 || to >= ids.length) return
    const wanted = moved(ids, from, to)
    setOrder(wanted)
    const saved = await store((standing) => inOrder(standing, wanted))
    setOrder(null)
    if (saved) setSaid(t('board.moved', { number: from + 1, place: to + 1, count: ids.length }))
  }
  const remove = async (row: SceneRow['id'], number: number): Promise<void> => {
    if (!(await store((standing) => without(standing, row)))) return
    setSaid(t('board.removed', { number }))
    // What was pressed is gone.
    title.current?.focus()
  }
  return (
    <section aria-label={t('scenes')} className="rw-board">
      <div className="rw-board__head">
        <h2 className="rw-board__title" ref={title} tabIndex={-1}>
          {t('scenes')}
        </h2>
        <Button buttonStyle="secondary" margin={false} onClick={() => void openAll()} size="medium">
          {t(hasSavePermission ? 'board.editAll' : 'board.more')}
        </Button>
      </div>
      <p aria-live="polite" className="rw-unseen">
        {said}
      </p>
      <BoardAnimatic id={id} isOpen={awaited} scenes={typed.isTyped ? typed.scenes : null} />
      <DraggableSortable
        className="rw-board__scenes"
        ids={ids}
        onDragEnd={({ moveFromIndex, moveToIndex }) => void move(moveFromIndex, moveToIndex)}
      >
        {rows.map((row, index) => (
          <VideoScene
            approve={mayApprove && !order ? approve : null}
            awaited={awaited}
            count={rows.length}
            draft={typed.draftOf(row.id)}
            index={index}
            isKnown={board !== null}
            key={row.id}
            lockedBeside={[rows[index - 1]?.locked === true, rows[index + 1]?.locked === true]}
            made={madeOf(board, row.sceneId)}
            mayEdit={hasSavePermission === true}
            move={(to) => void move(index, to)}
            openAll={() => void openAll(row.id)}
            price={order ? null : typed.isTyped ? typedPrice.price : price}
            remove={() => remove(row.id, index + 1)}
            row={row}
            save={(edit) => store((standing) => withEdits(standing, new Map([[row.id, edit]])))}
            storyboard={storyboard}
            tellTyped={typed.tell}
          />
        ))}
      </DraggableSortable>
      {hasSavePermission && (
        <NewScene
          add={async (scene) => {
            const added = await store((standing) => withNew(standing, scene))
            if (added) setSaid(t('board.added', { number: ids.length + 1 }))
            return added
          }}
        />
      )}
      {drawer}
    </section>
  )
}
