'use client'
/**
 * The panel at the top of a video document: where the work is, and what the editor can do now.
 *
 * It reads a status of its own and never touches the open form, except when a
 * button saves it: the stage asked for travels with that save.
 */
import { Button, toast, useConfig, useDocumentInfo, useForm, useFormModified } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import type { VideoStatus } from '../../endpoints/status.ts'
import type { StageRequest } from '../../documents.ts'
import { readReason } from '../shared/answers.ts'
import { Facts, LinkButton, Player, Problems, Progress, Stepper } from '../shared/parts.tsx'
import { UnknownCharges } from '../rendition/UnknownCharges.tsx'
import { type Pricing, usePrice } from '../storyboard/usePrice.ts'
import { useVideoStatus } from '../shared/useVideoStatus.ts'
import { useWords, type Words } from '../shared/useWords.ts'
import {
  actionsOf,
  dollarsOf,
  duePriceOf,
  moreOf,
  priceOf,
  sortWarnings,
  viewOf,
  wholePriceOf,
} from '../shared/view.ts'

interface Slugs {
  slugs: { renditions: string; storyboards: string }
}

const untouched: VideoStatus = {
  stage: 'draft',
  submission: 0,
  rendition: null,
  storyboard: null,
  delivery: null,
  retrying: false,
  mayApprove: false,
}

export function VideoPanel({ slugs }: Slugs): ReactNode {
  const { id } = useDocumentInfo()
  const { t } = useWords()
  const { away, refresh, status } = useVideoStatus(id)
  const shown = id === undefined ? untouched : status
  return (
    <section aria-label={t('panel.label')} className="rw-panel">
      {shown ? (
        <Loaded refresh={refresh} slugs={slugs} status={shown} />
      ) : (
        <p className="rw-panel__help">{t('panel.loading')}</p>
      )}
      {away && <p className="rw-panel__help">{t('panel.unreachable')}</p>}
    </section>
  )
}

function Loaded({
  refresh,
  slugs,
  status,
}: Slugs & { refresh: () => void; status: VideoStatus }): ReactNode {
  const words = useWords()
  const { t } = words
  const { delivery, rendition } = status
  const view = viewOf(status)
  const detail = rendition?.scenesTotal
    ? t('panel.scenesDone', { done: rendition.scenesDone ?? 0, total: rendition.scenesTotal })
    : ''
  const { charges, others } = sortWarnings(rendition?.warnings ?? [])
  // Only while it may be approved: the price is asked for, and shown, as it is at this moment.
  const { approve, approveMore } = actionsOf(status)
  const toApprove = approve || approveMore
  const pricing = usePrice(
    status.storyboard?.id,
    toApprove ? {} : undefined,
    `${rendition?.storyboardDigest ?? ''} ${rendition?.status ?? ''} ${status.delivery?.state ?? ''}`,
  )
  return (
    <>
      <Stepper view={view} />
      <div aria-live="polite" className="rw-panel__words">
        <p className={`rw-panel__headline rw-tone--${view.tone}`}>{t(view.headline)}</p>
        {view.help && <p className="rw-panel__help">{t(view.help)}</p>}
      </div>
      {view.progress !== undefined && <Progress detail={detail} percent={view.progress} />}
      {delivery?.state === 'refused' && <Problems problems={[delivery.problem]} type="error" />}
      {rendition?.status === 'failed' && rendition.error && (
        <Problems problems={[rendition.error]} type="error" />
      )}
      {rendition?.status === 'completed' && <Player rendition={rendition} />}
      {rendition && (
        <UnknownCharges
          charges={charges}
          mayResolve={status.mayApprove}
          refresh={refresh}
          rendition={rendition.id}
        />
      )}
      <Problems problems={others} type="info" />
      <Facts facts={factsOf(status, pricing, words)} />
      <Buttons pricing={pricing} refresh={refresh} slugs={slugs} status={status} />
    </>
  )
}

function factsOf(
  status: VideoStatus,
  { price }: Pricing,
  { language, t }: Words,
): (readonly [string, string])[] {
  const { rendition, storyboard } = status
  const facts: (readonly [string, string])[] = []
  if (actionsOf(status).approveMore) {
    const approved = Number(rendition?.error?.params?.approved ?? 0)
    facts.push([t('panel.approved'), dollarsOf(approved, language)])
    facts.push([t('panel.needs'), dollarsOf(moreOf(status, price).more, language)])
  } else if (rendition?.status === 'completed') {
    facts.push([t('panel.cost'), priceOf(rendition.actualCost, language)])
  } else if (price) {
    const due = duePriceOf(price, language)
    facts.push([t('panel.price'), wholePriceOf(price, language)])
    if (due) facts.push([t('panel.due'), due])
  } else if (storyboard) {
    facts.push([t('panel.price'), priceOf(knownPrice({ rendition, storyboard }), language)])
  }
  if (storyboard) facts.push([t('scenes'), String(storyboard.scenes)])
  if (storyboard?.approvedBy) facts.push([t('approvedBy'), storyboard.approvedBy])
  return facts
}

/** The rendition's price follows edits; the storyboard's is that of the draft. */
function knownPrice({
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
  const { language, t } = useWords()
  const { config } = useConfig()
  const { id } = useDocumentInfo()
  const { submit } = useForm()
  const modified = useFormModified()
  const [busy, setBusy] = useState(false)
  const actions = actionsOf(status)
  const { storyboard } = status
  // What is approved is the price that stands above these buttons.
  const needed = moreOf(status, pricing.price)
  const priceShown = actions.approveMore
    ? needed.named
    : (pricing.price?.toApprove ?? knownPrice(status) ?? null)
  const collections = `${config.routes.admin}/collections`

  const during = async (work: () => Promise<unknown>): Promise<void> => {
    setBusy(true)
    try {
      await work()
    } finally {
      setBusy(false)
      refresh()
    }
  }
  const ask = (stage: StageRequest) => () => void during(() => submit({ overrides: { stage } }))
  const approve = (): void =>
    void during(async () => {
      if (!storyboard) return
      const api = `${config.serverURL}${config.routes.api}/${slugs.storyboards}`
      const response = await fetch(`${api}/${String(storyboard.id)}?depth=0`, {
        method: 'PATCH',
        credentials: 'include',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ decision: 'approved', approvedCost: priceShown }),
      }).catch(() => null)
      if (!response?.ok) toast.error(await readReason(response, t('panel.unreachable')))
    })

  const refused = status.delivery?.state === 'refused'
  const buttons: [boolean, 'primary' | 'secondary', string, () => void][] = [
    [actions.approve, 'primary', t('action.approve'), approve],
    [
      actions.approveMore,
      'primary',
      t('action.approveMore', { amount: dollarsOf(needed.more, language) }),
      approve,
    ],
    [
      actions.submit,
      'primary',
      t(modified ? 'action.save_submit' : 'action.submit'),
      ask('submitted'),
    ],
    [actions.retry, actions.approveMore ? 'secondary' : 'primary', t('action.retry'), ask('retry')],
    [
      actions.resubmit,
      refused && !actions.retry && !actions.approve ? 'primary' : 'secondary',
      t('action.resubmit'),
      ask('resubmit'),
    ],
    [actions.cancel, 'secondary', t('action.cancel'), ask('cancelled')],
  ]
  const shown = buttons.filter(([sensible]) => sensible)
  if (shown.length === 0 && !storyboard && status.submission < 2) return null
  return (
    <div className="rw-panel__buttons">
      {shown.map(([, style, label, onClick]) => (
        <Button
          buttonStyle={style}
          disabled={busy || (pricing.asking && onClick === approve)}
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
    </div>
  )
}
