'use client'
/** Whether a scene is approved, by whom and when; and the button of one who may say so. */
import { Button, toast } from '@payloadcms/ui'
import { type ReactNode, useCallback, useEffect, useId, useRef, useState } from 'react'

import type { Id } from '../../documents.ts'
import type { Price, ScenePrice, SceneStanding } from '../../endpoints/contract.ts'
import { useEndpoints } from '../shared/api.ts'
import { formatDollars, formatTime } from '../shared/format.ts'
import { translateProblem } from '../shared/translateProblem.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { formatPrice } from '../shared/price.ts'
import '../shared/board.css'

/** Approve a scene as it is shown, and wait for what becomes of that. */
export type ApproveScene = (scene: ScenePrice, toApprove: string) => Promise<void>

interface Props {
  /** How to approve it; null where that is not theirs to do, or not to be done now. */
  approve: ApproveScene | null
  /** Whether the storyboard waits for somebody to approve it. */
  awaited: boolean
  /** Counts from 1. */
  number: number
  price: null | Price
  /** Of the scene; a new one that was never saved has none, and is not approved. */
  sceneId: null | string | undefined
  /** How it was saved, where no price tells. */
  standing?: SceneStanding | undefined
  /** Whether there is something to be saved first. */
  unsaved?: boolean
}

export function SceneApproval(props: Props): ReactNode {
  const { approve, awaited, number, sceneId, unsaved = false } = props
  const { language, t } = useTranslator()
  const [busy, setBusy] = useState(false)
  const help = useId()
  const said = useRef<HTMLParagraphElement>(null)
  const pressed = useRef(false)
  // While another is asked for the last one stands, lest the button go from under the keyboard:
  // the server takes no word on what has changed since.
  const [last, setLast] = useState(props.price)
  if (props.price && props.price !== last) setLast(props.price)
  const price = props.price ?? last
  const scene = price?.scenes.find((one) => one.sceneId === sceneId)
  const standing = props.standing ?? scene?.approval
  const { at, by, state } = standing ?? { at: null, by: '', state: 'none' }

  // The button is gone then: the keyboard goes on from what it led to.
  useEffect(() => {
    if (!pressed.current || state !== 'approved') return
    pressed.current = false
    said.current?.focus()
  }, [state])

  if (!standing || (state === 'none' && !awaited)) return null
  const due = Number(scene?.due ?? 0)
  const words =
    due > 0
      ? t('board.approve.priced', { amount: formatDollars(due, language) })
      : t('board.approve')
  const isLast = price?.scenes.every(
    ({ approval, ...one }) => one.sceneId === sceneId || approval.state === 'approved',
  )
  const press = async (): Promise<void> => {
    if (!approve || !price || !scene) return
    pressed.current = true
    setBusy(true)
    await approve(scene, price.toApprove)
    setBusy(false)
  }
  return (
    <div className="rw-approval">
      <p className={`rw-approval__words rw-approval__words--${state}`} ref={said} tabIndex={-1}>
        {t(`board.approval.${state}`, {
          name: by || t('board.approval.program'),
          time: at ? formatTime(at, language) : '',
        })}
      </p>
      {approve && scene && state !== 'approved' && (
        <>
          <Button
            aria-label={t('board.approve.numbered', { number, words })}
            buttonStyle="secondary"
            disabled={busy || unsaved}
            extraButtonProps={{ 'aria-describedby': help }}
            margin={false}
            onClick={() => void press()}
            size="small"
          >
            {words}
          </Button>
          <p className="rw-board__quiet" id={help}>
            {unsaved
              ? t('board.approve.unsaved')
              : price && isLast
                ? t('board.approve.last', { amount: formatPrice(price.toApprove, language) })
                : due > 0
                  ? t('board.approve.buys')
                  : t('board.approve.nothing')}
          </p>
        </>
      )}
    </div>
  )
}

/** Return the function that approves a scene; it tells the editor what there is against it. */
export function useSceneApproval(
  id: Id | undefined,
  approved: (revision?: number) => void,
): ApproveScene {
  const ask = useEndpoints()
  const { language, t } = useTranslator()
  return useCallback<ApproveScene>(
    async ({ digest, due, sceneId }, toApprove) => {
      if (id === undefined) return
      const json = JSON.stringify({ digest, due, toApprove })
      const params = { id, scene: sceneId }
      const reply = await ask('approveScene', { params, json }).catch(() => null)
      if (!reply?.ok) {
        const problem = reply?.problem
        toast.error(problem ? translateProblem(problem, language) : t('panel.unreachable'))
      }
      approved(reply?.ok ? reply.answer.revision : undefined)
    },
    [approved, ask, id, language, t],
  )
}
