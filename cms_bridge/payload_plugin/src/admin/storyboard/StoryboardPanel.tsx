'use client'
/** The panel at the top of a storyboard: its price, and the approval. */
import {
  Button,
  toast,
  useAllFormFields,
  useConfig,
  useDocumentDrawerContext,
  useDocumentInfo,
  useForm,
  useFormModified,
} from '@payloadcms/ui'
import { reduceFieldsToValues } from 'payload/shared'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'

import { idOf, type StoryboardDoc } from '../../documents.ts'
import { useSceneApproval } from '../board/SceneApproval.tsx'
import { useShownOnCards } from '../board/useBoard.ts'
import { useLocaleOf } from '../shared/api.ts'
import { Approvers } from '../shared/Approvers.tsx'
import { Changes } from '../shared/Changes.tsx'
import { Facts } from '../shared/Facts.tsx'
import { formatDollars } from '../shared/format.ts'
import { LinkButton } from '../shared/LinkButton.tsx'
import { Problems } from '../shared/Problems.tsx'
import {
  actionsOf,
  awaitsApproval,
  isEditedSince,
  refusalOf,
  shortfallOf,
  situationOf,
  standingOf,
  viewOf,
} from '../shared/submission.ts'
import { useApproval } from '../shared/useApproval.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { useVideoStatus } from '../shared/useVideoStatus.ts'
import { approvalFacts, ScenesApproved } from '../shared/ScenesApproved.tsx'
import { LostCalls } from '../shared/LostCalls.tsx'
import {
  approveHelp,
  formatPrice,
  formatPriceDue,
  formatTotalPrice,
  makeChangesLabel,
} from '../shared/price.ts'
import { usePrice } from './usePrice.ts'

interface Slugs {
  storyboards: string
  videos: string
}

export function StoryboardPanel({ slugs }: { slugs: Slugs }): ReactNode {
  const { data } = useDocumentInfo()
  const { language, t } = useTranslator()
  const { config } = useConfig()
  const { drawerSlug } = useDocumentDrawerContext()
  const { dispatchFields, submit } = useForm()
  // What this page has done to the storyboard itself is nothing that others did.
  const see = useCallback(
    (revision: number) => dispatchFields({ type: 'UPDATE', path: 'revisionSeen', value: revision }),
    [dispatchFields],
  )
  const approveSaved = useApproval(slugs.storyboards)
  const modified = useFormModified()
  const [busy, setBusy] = useState(false)
  const storyboard = data as StoryboardDoc | undefined
  // The form's own save tells it, while a function of before goes on.
  const revisionSaved = useRef(storyboard?.revision)
  useEffect(() => {
    revisionSaved.current = storyboard?.revision
  }, [storyboard?.revision])
  const video = storyboard && idOf(storyboard.video)
  const locale = useLocaleOf(storyboard?.film)
  const { refresh, status } = useVideoStatus(video, locale)
  // An approval may come before this page has heard of the edit that took back the one before it.
  const [approvals, setApprovals] = useState(0)
  const approvedScene = useCallback(
    (revision?: number) => {
      if (revision !== undefined) see(revision)
      setApprovals((count) => count + 1)
      refresh()
    },
    [refresh, see],
  )
  const [fields] = useAllFormFields()
  const pricing = usePrice(
    storyboard?.id,
    storyboard && status ? reduceFieldsToValues(fields, true) : undefined,
    // What exists, and with it what is still to be paid, changes with the work.
    // So does who has approved what.
    [
      status?.rendition?.status,
      status?.delivery?.state,
      status?.storyboard?.decision,
      status?.storyboard?.approvedScenes,
      approvals,
    ].join(' '),
  )
  const current = status !== null && String(status.storyboard?.id) === String(storyboard?.id)
  const awaited = current && awaitsApproval(status)
  const approveScene = useSceneApproval(storyboard?.id, approvedScene)
  const mayApproveScenes = current && actionsOf(status, pricing.price).approveScenes
  useShownOnCards(storyboard?.id, status ? situationOf(status) : '', {
    approve: mayApproveScenes ? approveScene : null,
    awaited,
    price: pricing.price,
  })
  if (!storyboard || !status) return <section className="rw-panel">{t('panel.loading')}</section>

  const view = viewOf(status)
  const actions = actionsOf(status, pricing.price)
  const standing = standingOf(status)
  const isRevision = standing !== 'unfilmed'
  // The last price that was told is that of another storyboard.
  const needsPrice = isRevision || isEditedSince(status)
  // Of a finished film what is typed may be saved and made at once, and what is saved be made.
  const mayRevise = current && actions.revise && modified
  const mayApprove = current && actions.approve && !(isRevision && modified)
  // An edit is another storyboard, and has another price: it is saved first.
  const mayApproveMore = current && actions.approveMore && !modified
  const decision = current
    ? (status.storyboard?.decision ?? 'pending')
    : (storyboard.decision ?? 'pending')
  const revisionSeen = fields.revisionSeen?.value as number | undefined
  const hasChanged = current && (status.storyboard?.revision ?? 0) > (revisionSeen ?? Infinity)
  const approveSeen = async (revision: null | number | undefined): Promise<void> => {
    const approved = await approveSaved(
      { id: storyboard.id, revision: revision ?? 0 },
      approvedCost,
    )
    if (approved !== null) see(approved)
  }
  const approve = async (): Promise<void> => {
    setBusy(true)
    try {
      if (mayRevise) {
        // In two steps: a save that also approved could not be told from one that only keeps the
        // approval of the film before, where both cost the same.
        if (hasChanged) {
          toast.error(t('error.scene_changed'))
          return
        }
        const saved = await submit()
        // Nothing is returned of a save that was refused, too.
        if (!saved?.res.ok) return
        await approveSeen(revisionSaved.current)
      } else if (modified) {
        await submit({ overrides: { decision: 'approved', approvedCost } })
      } else {
        // Not the form's words: others may have changed them since it was opened.
        await approveSeen(revisionSeen)
      }
    } finally {
      setBusy(false)
      refresh()
    }
  }
  const { price } = pricing
  const lastPrice = (current && status.rendition?.estimatedCost) || storyboard.estimatedCost
  // What is approved is the price that stands here, whether it is of this moment or an older one.
  const shortfall = shortfallOf(status, price)
  const approvedCost = mayApproveMore
    ? shortfall.toApprove
    : (price?.toApprove ?? lastPrice ?? null)
  const due = price && formatPriceDue(price, language)
  const facts: [string, string][] = []
  const total = price ? formatTotalPrice(price, language) : formatPrice(lastPrice, language)
  // Before anything is made both are one and the same.
  if (due !== total) facts.push([t('panel.price'), total])
  if (due) facts.push([t(modified ? 'panel.due.unsaved' : 'panel.due'), due])
  facts.push([t('scenes'), String(storyboard.scenes?.length ?? 0)])
  if (decision === 'approved' && current && status.storyboard) {
    facts.push(...approvalFacts(status.storyboard, { language, t }))
  }
  const refusal = current ? refusalOf(status) : null
  const byScene = current && status.storyboard?.byScene === true
  const helpOf = (): string => {
    if (!current) return t('panel.olderStoryboard')
    if (byScene && isRevision && modified && standing !== 'making') return t('panel.byScene.save')
    if (actions.approveScenes && !mayApprove && byScene) return t('panel.byScene')
    if (isRevision && modified) {
      return t(standing === 'making' ? 'panel.changesWait' : 'panel.revise.help')
    }
    if (mayApprove && !isRevision && !isEditedSince(status)) {
      return approveHelp('panel.approve.help', price, language)
    }
    return view.help && !mayApproveMore ? t(view.help) : ''
  }
  return (
    <section aria-label={t('decision')} className="rw-panel">
      <div aria-live="polite" className="rw-panel__words">
        <p className={`rw-panel__headline rw-tone--${current ? view.tone : 'calm'}`}>
          {t(current ? view.headline : `decision.${decision}`)}
        </p>
        {helpOf() && <p className="rw-panel__help">{helpOf()}</p>}
        {awaited && <ScenesApproved price={price} status={status} />}
        {current && <Approvers names={status.approvers} />}
        {mayApproveMore && <p className="rw-panel__help">{t('panel.needsMore.help')}</p>}
      </div>
      {refusal && <Problems problems={[refusal]} type="error" />}
      {mayApproveMore && status.rendition?.error && (
        <Problems problems={[status.rendition.error]} type="error" />
      )}
      {price && <Problems problems={price.warnings} type="info" />}
      {pricing.problem && <Problems problems={[pricing.problem]} type="error" />}
      <div aria-busy={pricing.loading} className="rw-price">
        <Facts facts={facts} />
        <LostCalls price={price} />
        {isRevision && price && <Changes changes={price.changes} title={t('changes')} />}
        <p aria-live="polite" className="rw-panel__help">
          {pricing.loading
            ? t('panel.pricing')
            : !price && !pricing.problem && t('panel.priceAway')}
        </p>
      </div>
      <div className="rw-panel__buttons">
        {(mayApprove || mayApproveMore || mayRevise) && (
          <Button
            disabled={busy || pricing.loading || (needsPrice && !price)}
            margin={false}
            onClick={() => void approve()}
            size="medium"
          >
            {mayApproveMore
              ? t('action.approveMore', { amount: formatDollars(shortfall.amount, language) })
              : isRevision
                ? makeChangesLabel(approvedCost, language, modified)
                : t(modified ? 'action.save_approve' : 'action.approve')}
          </Button>
        )}
        {/* In a drawer the video's page lies below. */}
        {!drawerSlug && (
          <LinkButton
            to={`${config.routes.admin}/collections/${slugs.videos}/${String(video)}${locale ? `?locale=${locale}` : ''}`}
          >
            {t('action.openVideo')}
          </LinkButton>
        )}
      </div>
    </section>
  )
}
