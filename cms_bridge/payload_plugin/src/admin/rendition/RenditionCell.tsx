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

const styles: Partial<Record<Status, Style>> = {
  completed: 'success',
  failed: 'error',
  storyboard_complete: 'warning',
}

interface StatusPillProps {
  language: string
  rendition: RenditionDoc
}

/** The status, and while work goes on how far it is. */
export function StatusPill({ language, rendition }: StatusPillProps): ReactNode {
  const { progress, status } = rendition
  const moving = ['composing', 'generating', 'uploading'].includes(status)
  // Whoever reads the list may not be who approves.
  const words = translate(
    language,
    status !== 'storyboard_complete'
      ? `status.${status}`
      : rendition.file
        ? 'panel.changed'
        : 'decision.pending',
  )
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
