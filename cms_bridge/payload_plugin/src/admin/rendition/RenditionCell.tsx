/**
 * A rendition's status in the cell of a list, made on the server.
 *
 * Payload renders the cell of a UI field in the document's form as well, where
 * there is no row.
 */
import { Pill } from '@payloadcms/ui'
import type { DefaultServerCellComponentProps } from 'payload'
import type { ReactNode } from 'react'

import type { RenditionDoc } from '../../documents.ts'
import { styles } from '../../standing.ts'
import { tellStatusShort } from './statusWords.ts'

export function RenditionCell({ i18n, rowData }: DefaultServerCellComponentProps): ReactNode {
  const rendition = rowData as RenditionDoc | undefined
  if (!rendition) return null
  return (
    <Pill pillStyle={styles[rendition.status] ?? 'light'} size="small">
      {tellStatusShort(rendition, i18n.language)}
    </Pill>
  )
}
