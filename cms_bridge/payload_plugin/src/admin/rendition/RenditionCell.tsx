/**
 * A rendition's status in the cell of a list, made on the server.
 *
 * Payload renders the cell of a UI field in the document's form as well, where
 * there is no row.
 */
import { Pill } from '@payloadcms/ui'
import type { DefaultServerCellComponentProps } from 'payload'
import type { ComponentProps, ReactNode } from 'react'

import type { RenditionDoc } from '../../documents.ts'
import type { Status } from '../../generated/events.ts'
import { translate } from '../../translations/index.ts'

type Style = NonNullable<ComponentProps<typeof Pill>['pillStyle']>

export const styles: Partial<Record<Status, Style>> = {
  completed: 'success',
  failed: 'error',
  storyboard_complete: 'warning',
}

interface StatusPillProps {
  language: string
  rendition: RenditionDoc
}

/** Return a status in words for whoever reads the list, who may not be who approves. */
export function tellStatus({ file, status }: RenditionDoc, language: string): string {
  if (status !== 'storyboard_complete') return translate(language, `status.${status}`)
  return translate(language, file ? 'panel.changed' : 'decision.pending')
}

/** The status, and while work goes on how far it is. */
export function StatusPill({ language, rendition }: StatusPillProps): ReactNode {
  const { progress, status } = rendition
  const moving = ['composing', 'generating', 'uploading'].includes(status)
  const words = tellStatus(rendition, language)
  return (
    <Pill pillStyle={styles[status] ?? 'light'} size="small">
      {moving ? `${words} · ${String(progress)} %` : words}
    </Pill>
  )
}

export function RenditionCell({ i18n, rowData }: DefaultServerCellComponentProps): ReactNode {
  const rendition = rowData as RenditionDoc | undefined
  return rendition ? <StatusPill language={i18n.language} rendition={rendition} /> : null
}
