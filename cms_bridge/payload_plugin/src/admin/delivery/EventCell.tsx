/** What happened and how its delivery stands, in the cell of a list, made on the server. */
import { Pill } from '@payloadcms/ui'
import type { DefaultServerCellComponentProps } from 'payload'
import type { ReactNode } from 'react'

import type { DeliveryState, OutboxDoc } from '../../documents.ts'
import { translate } from '../../translations/index.ts'
import { eventWords } from './words.ts'

const styles: Record<DeliveryState, 'error' | 'success' | 'warning'> = {
  delivered: 'success',
  queued: 'warning',
  refused: 'error',
}

export function EventCell({ i18n, rowData }: DefaultServerCellComponentProps): ReactNode {
  const event = rowData as OutboxDoc | undefined
  if (!event) return null
  return (
    <>
      <Pill pillStyle={styles[event.state]} size="small">
        {translate(i18n.language, `event.state.${event.state}`)}
      </Pill>{' '}
      {eventWords(event.type, i18n.language)}
    </>
  )
}
