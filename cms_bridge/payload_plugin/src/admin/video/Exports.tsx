'use client'
/** The finished film in other forms: those that there are, how far the others are, and one order for more. */
import { Button, useConfig, useDocumentInfo } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import type { RenditionDoc } from '../../documents.ts'
import { type Export, pathTo, type exportActs } from '../../endpoints/contract.ts'
import { formatBytes, formatDollars, formatLength } from '../shared/format.ts'
import { Problems } from '../shared/Problems.tsx'
import { Progress } from '../shared/Progress.tsx'
import { type Translator, useTranslator } from '../shared/useTranslator.ts'
import { LostCalls } from '../shared/LostCalls.tsx'
import { OrderForms } from './OrderForms.tsx'
import { type Exports as AllExports, useExports } from './useExports.ts'
import '../shared/panel.css'

interface Props {
  mayApprove: boolean
  rendition: RenditionDoc
}

export function Exports({ mayApprove, rendition }: Props): ReactNode {
  const { t } = useTranslator()
  const { hasSavePermission } = useDocumentInfo()
  const exports = useExports()
  if (exports.list === 'away') return <p className="rw-panel__help">{t('exports.away')}</p>
  return (
    <section aria-label={t('exports')} className="rw-films">
      <p className="rw-changes__title">{t('exports')}</p>
      {exports.list.length > 0 && (
        <ul className="rw-films__list">
          {exports.list.map((one) => (
            <Form
              exports={exports}
              key={one.id}
              mayApprove={mayApprove}
              one={one}
              rendition={rendition}
            />
          ))}
        </ul>
      )}
      {hasSavePermission && <OrderForms mayApprove={mayApprove} ordered={exports.refresh} />}
    </section>
  )
}

/** As they are called everywhere. */
const codecNames: Record<Export['format'], string> = { h264: 'H.264', hevc: 'HEVC', av1: 'AV1' }

/** Say which form it is: shape, size, compression, captions. */
function nameOf(
  {
    captions,
    format,
    isCropped,
    resolution,
    shape,
  }: Pick<Export, 'format' | 'resolution' | 'shape'> & {
    captions?: Export['captions']
    isCropped?: boolean
  },
  { t }: Pick<Translator, 't'>,
): string {
  const parts = [t(`aspectRatio.${shape}`), resolution, codecNames[format]]
  if (isCropped) parts.push(t('exports.cropped'))
  if (captions) parts.push(t('exports.captioned'))
  return parts.join(' · ')
}

function Form({
  exports,
  mayApprove,
  one,
  rendition,
}: Props & { exports: AllExports; one: Export }): ReactNode {
  const translator = useTranslator()
  const { language, t } = translator
  const { config } = useConfig()
  const { hasSavePermission } = useDocumentInfo()
  const api = `${config.serverURL}${config.routes.api}`
  const [busy, setBusy] = useState(false)
  const { film, status } = one
  const stands = whereItStands(one)

  const act = async (name: (typeof exportActs)[number]): Promise<void> => {
    setBusy(true)
    await exports.act(one, name)
    setBusy(false)
  }
  const button = (name: (typeof exportActs)[number], label: string): ReactNode => (
    <Button
      buttonStyle="secondary"
      disabled={busy}
      margin={false}
      onClick={() => void act(name)}
      size="small"
    >
      {label}
    </Button>
  )
  const amount = formatDollars(Number(one.toApprove), language)
  const address = (url: string | undefined): string => `${url ?? ''}?film=${film?.id ?? ''}`
  const previews = [
    ['webm', 'WebM'],
    ['gif', 'GIF'],
  ] as const

  return (
    <li className="rw-films__film">
      <p className="rw-films__name">{nameOf(one, translator)}</p>
      {film && (
        <>
          <p className="rw-panel__help">
            {[
              `${String(film.width)} × ${String(film.height)}`,
              formatLength(film.duration),
              formatBytes(film.bytes, language),
            ].join(' · ')}
          </p>
          {film.isKept ? (
            <p className="rw-films__links">
              <a href={address(rendition.url)} rel="noreferrer" target="_blank">
                {t('action.watch')}
              </a>
              <a download href={address(rendition.downloadUrl)}>
                {t('action.download')}
              </a>
              <a download href={address(rendition.captionsUrl)}>
                {t('player.captions')} (VTT)
              </a>
              {film.hasStream && <a href={address(rendition.streamUrl)}>{t('exports.stream')}</a>}
              {film.hasPreviews &&
                previews.map(([kind, name]) => (
                  <a
                    href={address(api + pathTo(kind, { id: rendition.id }))}
                    key={kind}
                    rel="noreferrer"
                    target="_blank"
                  >
                    {t('exports.preview')} ({name})
                  </a>
                ))}
            </p>
          ) : (
            <p className="rw-panel__help">{t('exports.gone')}</p>
          )}
        </>
      )}
      {!film && stands === 'making' && (
        <Progress detail={t(`status.${status}`)} percent={one.progress} />
      )}
      {!film && stands === 'waits' && (
        <p className="rw-panel__help">
          {t(mayApprove ? 'exports.waits.yours' : 'exports.waits', { amount })}
        </p>
      )}
      {!film && stands === 'waits' && <LostCalls price={one} />}
      {!film && stands === 'over' && <p className="rw-panel__help">{t(`status.${status}`)}</p>}
      {!film && one.error && <Problems problems={[one.error]} type="error" />}
      {!film && hasSavePermission && (
        <div className="rw-panel__buttons">
          {stands === 'waits' && mayApprove && button('approve', t('exports.make', { amount }))}
          {stands === 'over' && button('retry', t('action.retry'))}
          {stands !== 'over' && button('cancel', t('exports.cancel'))}
        </div>
      )}
    </li>
  )
}

/** Whether it is being made, waits for an approval, or has ended. */
function whereItStands({ status }: Pick<Export, 'status'>): 'making' | 'over' | 'waits' {
  if (status === 'storyboard_complete') return 'waits'
  return ['cancelled', 'completed', 'failed'].includes(status) ? 'over' : 'making'
}
