'use client'
/** One order for several forms of a film: the choices, what they cost, and the button that names it. */
import { Button, CheckboxInput, toast, useDocumentInfo } from '@payloadcms/ui'
import { type ReactNode, useEffect, useState } from 'react'

import {
  captionChoices,
  codecs,
  type ExportOrder,
  type ExportPrice,
  pictureChoices,
  type PricedOrder,
  resolutions,
  shapes,
} from '../../endpoints/contract.ts'
import type { Problem } from '../../generated/events.ts'
import { useEndpoints } from '../shared/api.ts'
import { Choice } from '../shared/Choice.tsx'
import { formatDollars } from '../shared/format.ts'
import { Problems } from '../shared/Problems.tsx'
import { translateProblem } from '../shared/translateProblem.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { LostCalls } from '../shared/LostCalls.tsx'
import '../shared/forms.css'

const nothingChosen: ExportOrder = {
  shapes: [],
  resolution: '1080p',
  format: 'h264',
  pictures: 'cropped',
  captions: 'own',
  stream: false,
  previews: false,
}

interface Props {
  mayApprove: boolean
  ordered: () => void
}

export function OrderForms({ mayApprove, ordered }: Props): ReactNode {
  const { language, t } = useTranslator()
  const { id } = useDocumentInfo()
  const ask = useEndpoints()
  const [order, setOrder] = useState(nothingChosen)
  const [busy, setBusy] = useState(false)
  const { prices, problem } = usePrices(order)
  const choose = (change: Partial<ExportOrder>): void => setOrder({ ...order, ...change })
  const total = prices?.reduce((sum, { toApprove }) => sum + Number(toApprove), 0)
  const amount = total === undefined ? '' : formatDollars(total, language)

  const send = async (): Promise<void> => {
    if (id === undefined || !prices) return
    setBusy(true)
    const seen = Object.fromEntries(prices.map(({ shape, toApprove }) => [shape, toApprove]))
    const json = JSON.stringify({ ...order, prices: seen } satisfies PricedOrder)
    const reply = await ask('orderExports', { params: { id }, json }).catch(() => null)
    if (reply?.ok) {
      setOrder(nothingChosen)
    } else {
      const refusal = reply?.problem
      toast.error(refusal ? translateProblem(refusal, language) : t('panel.unreachable'))
    }
    setBusy(false)
    ordered()
  }

  return (
    <details className="rw-order">
      <summary>{t('exports.order')}</summary>
      <div className="rw-order__choices">
        <fieldset>
          <legend>{t('aspectRatio')}</legend>
          {shapes.map((shape) => (
            <CheckboxInput
              checked={order.shapes.includes(shape)}
              id={`rw-shape-${shape.replace(':', '-')}`}
              key={shape}
              label={t(`aspectRatio.${shape}`)}
              name={`rw-shape-${shape}`}
              onToggle={() =>
                choose({
                  shapes: order.shapes.includes(shape)
                    ? order.shapes.filter((each) => each !== shape)
                    : [...order.shapes, shape],
                })
              }
            />
          ))}
        </fieldset>
        <Choice
          choices={resolutions}
          label={t('exports.resolution')}
          nameOf={(each) => t(`resolution.${each}`)}
          set={(resolution) => choose({ resolution })}
          value={order.resolution}
        />
        <Choice
          choices={codecs}
          label={t('exports.format')}
          nameOf={(each) => t(`format.${each}`)}
          set={(format) => choose({ format })}
          value={order.format}
        />
        <Choice
          choices={pictureChoices}
          label={t('exports.pictures')}
          nameOf={(each) => t(`pictures.${each}`)}
          set={(pictures) => choose({ pictures })}
          value={order.pictures}
        />
        <Choice
          choices={captionChoices}
          label={t('captions')}
          nameOf={(each) => t(`captions.${each}`)}
          set={(captions) => choose({ captions })}
          value={order.captions}
        />
        <CheckboxInput
          checked={order.stream}
          id="rw-order-stream"
          label={t('exports.wantStream')}
          name="rw-order-stream"
          onToggle={() => choose({ stream: !order.stream })}
        />
        <CheckboxInput
          checked={order.previews}
          id="rw-order-previews"
          label={t('exports.wantPreviews')}
          name="rw-order-previews"
          onToggle={() => choose({ previews: !order.previews })}
        />
      </div>
      {problem && <Problems problems={[problem]} type="error" />}
      <p aria-live="polite" className="rw-panel__help">
        {order.shapes.length === 0
          ? t('exports.choose')
          : total === undefined
            ? t('panel.pricing')
            : total > 0
              ? t('exports.price', { amount })
              : t('exports.free')}
        {total !== undefined && total > 0 && !mayApprove && ` ${t('exports.others')}`}
      </p>
      {total !== undefined && total > 0 && <LostCalls price={mostLost(prices ?? [])} />}
      <Button
        buttonStyle="primary"
        disabled={busy || !prices || order.shapes.length === 0}
        margin={false}
        onClick={() => void send()}
        size="medium"
      >
        {total !== undefined && total > 0 && mayApprove
          ? t('exports.send.priced', { amount })
          : t('exports.send')}
      </Button>
    </details>
  )
}

/** They are forms of one film, and what may be lost on it is lost once. */
function mostLost(prices: readonly ExportPrice[]): null | Pick<ExportPrice, 'lostAtMost'> {
  return prices.toSorted((a, b) => Number(b.lostAtMost) - Number(a.lostAtMost))[0] ?? null
}

/** What an order costs at this moment; nothing while it is asked for, or of an order of nothing. */
function usePrices(order: ExportOrder): { prices: ExportPrice[] | null; problem: null | Problem } {
  const { id } = useDocumentInfo()
  const ask = useEndpoints()
  const question = order.shapes.length > 0 ? JSON.stringify(order) : ''
  const [told, setTold] = useState<{
    prices: ExportPrice[] | null
    problem: null | Problem
    question: string
  }>({ prices: null, problem: null, question: '' })

  useEffect(() => {
    if (id === undefined || !question) return undefined
    const abort = new AbortController()
    ask('exportPrices', { params: { id }, json: question, signal: abort.signal })
      .then((reply) =>
        setTold(
          reply.ok
            ? { prices: reply.answer, problem: null, question }
            : { prices: null, problem: reply.problem, question },
        ),
      )
      .catch(() => undefined)
    return () => abort.abort()
  }, [ask, id, question])

  return told.question === question && question ? told : { prices: null, problem: null }
}
