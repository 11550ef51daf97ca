'use client'
/**
 * The panel at the top of a video document: where the work is, and what the editor can do now.
 *
 * It reads a status of its own and never touches the open form, except when a
 * button saves it: the stage asked for travels with that save.
 */
import {
  Button,
  ConfirmationModal,
  useConfig,
  useDocumentInfo,
  useFormModified,
  useModal,
} from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import type { Id, StageRequest } from '../../documents.ts'
import type { VideoStatus } from '../../endpoints/contract.ts'
import { VideoBoard } from './VideoBoard.tsx'
import { Player } from '../rendition/Player.tsx'
import { UnknownCharges } from '../rendition/UnknownCharges.tsx'
import { splitWarnings } from '../rendition/warnings.ts'
import { Approvers } from '../shared/Approvers.tsx'
import { Changes } from '../shared/Changes.tsx'
import { Facts } from '../shared/Facts.tsx'
import { formatDollars } from '../shared/format.ts'
import { LinkButton } from '../shared/LinkButton.tsx'
import { Problems } from '../shared/Problems.tsx'
import { Progress } from '../shared/Progress.tsx'
import {
  actionsOf,
  awaitsApproval,
  isEditedByHand,
  isEditedSince,
  refusalOf,
  shortfallOf,
  situationOf,
  standingOf,
  viewOf,
  waits,
} from '../shared/submission.ts'
import { useApproval } from '../shared/useApproval.ts'
import { type Translator, useTranslator } from '../shared/useTranslator.ts'
import type { Live } from '../shared/live.ts'
import { useLiveStatus } from '../shared/useLiveStatus.ts'
import { Working } from '../shared/Working.tsx'
import { approvalFacts, ScenesApproved } from '../shared/ScenesApproved.tsx'
import { LostCalls } from '../shared/LostCalls.tsx'
import {
  approveHelp,
  formatPrice,
  formatPriceDue,
  formatTotalPrice,
  makeChangesLabel,
} from '../shared/price.ts'
import { type Pricing, usePrice } from '../storyboard/usePrice.ts'
import { Exports } from './Exports.tsx'
import { Films } from './Films.tsx'
import { InLine } from './InLine.tsx'
import { Languages } from './Languages.tsx'
import { PublishGate } from './PublishGate.tsx'
import { Stepper } from './Stepper.tsx'
import { TakeOver } from './TakeOver.tsx'
import { useStageSave } from './useStageSave.ts'

interface Slugs {
  slugs: { renditions: string; storyboards: string }
}

const neverSubmitted: VideoStatus = {
  stage: 'draft',
  submission: 0,
  isStale: false,
  rendition: null,
  storyboard: null,
  delivery: null,
  before: null,
  retrying: false,
  hold: null,
  mayApprove: false,
  mayResolve: false,
  approvers: [],
}

export function VideoPanel({ slugs }: Slugs): ReactNode {
  const { id } = useDocumentInfo()
  const { t } = useTranslator()
  const poll = useLiveStatus(id)
  const status = id === undefined ? neverSubmitted : poll.status
  return (
    <section aria-label={t('panel.label')} className="rw-panel">
      {status ? (
        <Content live={poll.live} refresh={poll.refresh} slugs={slugs} status={status} video={id} />
      ) : (
        <p className="rw-panel__help">{t('panel.loading')}</p>
      )}
      {poll.unreachable && <p className="rw-panel__help">{t('panel.unreachable')}</p>}
    </section>
  )
}

function Content({
  live,
  refresh,
  slugs,
  status,
  video,
}: Slugs & {
  live: Live
  refresh: () => void
  status: VideoStatus
  video: Id | undefined
}): ReactNode {
  const translator = useTranslator()
  const { language, t } = translator
  const { hasSavePermission } = useDocumentInfo()
  const { rendition } = status
  const view = viewOf(status)
  const refusal = refusalOf(status)
  // Scenes are counted while they are made, and not while the whole is put together.
  const detail =
    rendition?.status === 'generating' && rendition.scenesTotal
      ? t('panel.scenesDone', { done: rendition.scenesDone ?? 0, total: rendition.scenesTotal })
      : ''
  const { charges, others } = splitWarnings(rendition?.warnings ?? [])
  // Only while it may be approved: the price is asked for, and shown, as it is at this moment.
  const wanted = actionsOf(status)
  const isPriced =
    wanted.approve ||
    wanted.approveMore ||
    wanted.approveScenes ||
    standingOf(status) === 'changed' ||
    isEditedSince(status)
  const awaited = awaitsApproval(status)
  const { storyboard } = status
  const isBehind = hasSavePermission === true && storyboard?.isBehind === true
  const pricing = usePrice(
    storyboard?.id,
    isPriced ? {} : undefined,
    [
      rendition?.storyboardDigest,
      rendition?.status,
      status.delivery?.state,
      storyboard?.approvedScenes,
      storyboard?.revision,
    ].join(' '),
  )
  // At the price of this moment a scene that was approved may be one that is not.
  const { approveScenes } = actionsOf(status, pricing.price)
  return (
    <>
      <Stepper view={view} />
      <div aria-live="polite" className="rw-panel__words">
        <p className={`rw-panel__headline rw-tone--${view.tone}`}>{t(view.headline)}</p>
        {view.help && (
          <p className="rw-panel__help">{approveHelp(view.help, pricing.price, language)}</p>
        )}
        {video !== undefined && waits(status) && <InLine video={video} />}
        {awaited && <ScenesApproved price={pricing.price} status={status} />}
        {approveScenes && storyboard?.byScene && (
          <p className="rw-panel__help">{t('panel.byScene')}</p>
        )}
        {(isBehind || status.isStale) && (
          <p className="rw-panel__help">{t(isBehind ? 'panel.behind' : 'panel.stale')}</p>
        )}
        <Approvers names={status.approvers} />
      </div>
      {view.progress !== undefined && <Progress detail={detail} percent={view.progress} />}
      {rendition && view.tone === 'working' && <Working live={live} rendition={rendition} />}
      {refusal && <Problems problems={[refusal]} type="error" />}
      {rendition?.status === 'failed' && rendition.error && (
        <Problems problems={[rendition.error]} type="error" />
      )}
      {pricing.price && <Changes changes={pricing.price.changes} title={t('changes')} />}
      {rendition?.file && <Player rendition={rendition} />}
      {!rendition?.file && status.before && (
        <>
          <p className="rw-panel__help">{t('panel.filmBefore')}</p>
          <Player rendition={status.before} />
        </>
      )}
      {rendition && (
        <UnknownCharges
          charges={charges}
          mayResolve={status.mayResolve}
          refresh={refresh}
          rendition={rendition.id}
        />
      )}
      <Problems problems={others} type="info" />
      {status.hold && <PublishGate hold={status.hold} refresh={refresh} />}
      <Facts facts={factsOf(status, pricing, translator)} />
      <LostCalls price={pricing.price} />
      {isBehind && (
        <TakeOver
          id={storyboard.id}
          refresh={refresh}
          revision={storyboard.revision}
          slug={slugs.storyboards}
        />
      )}
      <Buttons pricing={pricing} refresh={refresh} slugs={slugs} status={status} />
      <Languages situation={situationOf(status)} storyboards={slugs.storyboards} />
      {rendition?.file && (
        <Films key={`films ${String(rendition.file.number)}`} rendition={rendition} />
      )}
      {storyboard && (
        <VideoBoard
          awaited={awaited}
          id={storyboard.id}
          key={`board ${String(storyboard.id)}`}
          mayApprove={approveScenes}
          price={pricing.price}
          refresh={refresh}
          situation={situationOf(status)}
          slug={slugs.storyboards}
        />
      )}
      {rendition?.file && (
        <Exports
          key={`exports ${String(rendition.file.number)}`}
          mayApprove={status.mayApprove}
          rendition={rendition}
        />
      )}
    </>
  )
}

function factsOf(
  status: VideoStatus,
  { price }: Pricing,
  { language, t }: Translator,
): (readonly [string, string])[] {
  const { rendition, storyboard } = status
  const facts: (readonly [string, string])[] = []
  if (actionsOf(status).approveMore) {
    const approved = Number(rendition?.error?.params?.approved ?? 0)
    facts.push([t('panel.approved'), formatDollars(approved, language)])
    facts.push([t('panel.needs'), formatDollars(shortfallOf(status, price).amount, language)])
  } else if (['filmed', 'making', 'telling'].includes(standingOf(status))) {
    facts.push([t('panel.cost'), formatPrice(rendition?.actualCost, language)])
  } else if (price) {
    const due = formatPriceDue(price, language)
    const total = formatTotalPrice(price, language)
    // Before anything is made both are one and the same.
    if (due !== total) facts.push([t('panel.price'), total])
    if (due) facts.push([t('panel.due'), due])
  } else if (storyboard) {
    facts.push([t('panel.price'), formatPrice(lastPriceOf({ rendition, storyboard }), language)])
  }
  if (storyboard) facts.push([t('scenes'), String(storyboard.scenes)])
  if (storyboard) facts.push(...approvalFacts(storyboard, { language, t }))
  return facts
}

/** The rendition's price follows edits; the storyboard's is that of the draft. */
function lastPriceOf({
  rendition,
  storyboard,
}: Pick<VideoStatus, 'rendition' | 'storyboard'>): string | undefined {
  return rendition?.estimatedCost ?? storyboard?.estimatedCost
}

function Buttons({
  pricing,
  refresh,
  slugs,
  status,
}: Slugs & { pricing: Pricing; refresh: () => void; status: VideoStatus }): ReactNode {
  const { language, t } = useTranslator()
  const { config } = useConfig()
  const { hasSavePermission, id } = useDocumentInfo()
  const saveWithStage = useStageSave()
  const { openModal } = useModal()
  const approveSaved = useApproval(slugs.storyboards)
  const modified = useFormModified()
  const [busy, setBusy] = useState(false)
  const actions = actionsOf(status, pricing.price)
  const { storyboard } = status
  const isRevision = standingOf(status) !== 'unfilmed'
  // The last price that was told is that of another storyboard.
  const needsPrice = isRevision || isEditedSince(status)
  // What is approved is the price that stands above these buttons.
  const shortfall = shortfallOf(status, pricing.price)
  const approvedCost = actions.approveMore
    ? shortfall.toApprove
    : (pricing.price?.toApprove ?? (needsPrice ? null : lastPriceOf(status)) ?? null)
  const collections = `${config.routes.admin}/collections`

  const whileBusy = async (work: () => Promise<unknown>): Promise<void> => {
    setBusy(true)
    try {
      await work()
    } finally {
      setBusy(false)
      refresh()
    }
  }
  const saveWith = (stage: StageRequest) => () => void whileBusy(() => saveWithStage(stage))
  const resubmit = saveWith('resubmit')
  const resubmitSlug = `rw-resubmit-${String(id)}`
  const approve = (): void =>
    void whileBusy(async () => {
      if (!storyboard) return
      await approveSaved(storyboard, approvedCost)
    })

  const refused = refusalOf(status) !== null
  const buttons: [boolean, 'primary' | 'secondary', string, () => void][] = [
    [
      actions.approve,
      'primary',
      isRevision ? makeChangesLabel(approvedCost, language) : t('action.approve'),
      approve,
    ],
    [
      actions.approveMore,
      'primary',
      t('action.approveMore', { amount: formatDollars(shortfall.amount, language) }),
      approve,
    ],
    [
      actions.submit,
      'primary',
      t(modified ? 'action.save_submit' : 'action.submit'),
      saveWith('submitted'),
    ],
    [
      actions.retry,
      actions.approveMore ? 'secondary' : 'primary',
      t('action.retry'),
      saveWith('retry'),
    ],
    [
      actions.resubmit,
      refused && !actions.retry && !actions.approve ? 'primary' : 'secondary',
      t('action.resubmit'),
      isEditedByHand(status) ? () => openModal(resubmitSlug) : resubmit,
    ],
    [
      actions.cancel,
      'secondary',
      t(isRevision ? 'action.cancelChanges' : 'action.cancel'),
      saveWith('cancelled'),
    ],
  ]
  // An approval is a save of the storyboard; all else is one of the video.
  const sensible = buttons.filter(
    ([isSensible, , , act]) => isSensible && (act === approve || hasSavePermission),
  )
  if (sensible.length === 0 && !storyboard && status.submission < 2) return null
  return (
    <div className="rw-panel__buttons">
      {sensible.map(([, style, label, onClick]) => (
        <Button
          buttonStyle={style}
          disabled={
            busy || (onClick === approve && (pricing.loading || (needsPrice && !pricing.price)))
          }
          key={label}
          margin={false}
          onClick={onClick}
          size="medium"
        >
          {label}
        </Button>
      ))}
      {storyboard && (
        <LinkButton to={`${collections}/${slugs.storyboards}/${String(storyboard.id)}`}>
          {t('action.openStoryboard')}
        </LinkButton>
      )}
      {status.submission > 1 && (
        <LinkButton to={`${collections}/${slugs.renditions}?where[video][equals]=${String(id)}`}>
          {t('action.openRenditions')}
        </LinkButton>
      )}
      <ConfirmationModal
        body={t('confirm.resubmit.help')}
        confirmLabel={t('action.resubmit')}
        heading={t('confirm.resubmit')}
        modalSlug={resubmitSlug}
        onConfirm={resubmit}
      />
    </div>
  )
}
