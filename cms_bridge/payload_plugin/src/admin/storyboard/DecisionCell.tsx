/** Whether a storyboard is approved, in the cell of a list, made on the server. */
import { Pill } from '@payloadcms/ui'
import type { DefaultServerCellComponentProps } from 'payload'
import type { ReactNode } from 'react'

import type { StoryboardDoc } from '../../documents.ts'
import { translate } from '../../translations/index.ts'

export function DecisionCell({ i18n, rowData }: DefaultServerCellComponentProps): ReactNode {
  const storyboard = rowData as StoryboardDoc | undefined
  if (!storyboard) return null
  const decision = storyboard.decision ?? 'pending'
  return (
    <Pill pillStyle={decision === 'approved' ? 'success' : 'warning'} size="small">
      {translate(i18n.language, `decision.${decision}`)}
    </Pill>
  )
}
