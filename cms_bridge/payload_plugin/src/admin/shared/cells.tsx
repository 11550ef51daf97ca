/**
 * Cells of the lists: a status in words, made on the server.
 *
 * Payload renders the cell of a UI field in the document's form as well, where
 * there is no row.
 */
import { Pill } from '@payloadcms/ui'
import type { DefaultServerCellComponentProps } from 'payload'
import type { ComponentProps, ReactNode } from 'react'

import type { RenditionDoc, StoryboardDoc, VideoDoc } from '../../documents.ts'
import type { Status } from '../../generated/events.ts'
import { say } from '../../translations/index.ts'

type Style = NonNullable<ComponentProps<typeof Pill>['pillStyle']>

const styles: Partial<Record<Status, Style>> = {
  completed: 'success',
  failed: 'error',
  storyboard_complete: 'warning',
}

function statusPill(rendition: RenditionDoc, language: string): ReactNode {
  const { progress, status } = rendition
  const moving = ['composing', 'generating', 'uploading'].includes(status)
  const words = say(language, `status.${status}`)
  return (
    <Pill pillStyle={styles[status] ?? 'light'} size="small">
      {moving ? `${words} · ${String(progress)} %` : words}
    </Pill>
  )
}

/** How a video's newest submission stands. */
export async function StatusCell({
  i18n,
  payload,
  rowData,
  slugs,
}: DefaultServerCellComponentProps & { slugs: { renditions: string } }): Promise<ReactNode> {
  const video = rowData as VideoDoc | undefined
  if (!video) return null
  const { docs } = await payload.find({
    collection: slugs.renditions,
    where: { video: { equals: video.id }, submission: { equals: video.submission ?? 0 } },
    sort: '-createdAt',
    limit: 1,
    depth: 0,
  })
  const rendition = docs[0] as unknown as RenditionDoc | undefined
  if (rendition) return statusPill(rendition, i18n.language)
  return (
    <Pill pillStyle="light-gray" size="small">
      {say(i18n.language, `stage.${video.stage ?? 'draft'}`)}
    </Pill>
  )
}

export function RenditionCell({ i18n, rowData }: DefaultServerCellComponentProps): ReactNode {
  const rendition = rowData as RenditionDoc | undefined
  return rendition ? statusPill(rendition, i18n.language) : null
}

export function DecisionCell({ i18n, rowData }: DefaultServerCellComponentProps): ReactNode {
  const storyboard = rowData as StoryboardDoc | undefined
  if (!storyboard) return null
  const decision = storyboard.decision ?? 'pending'
  return (
    <Pill pillStyle={decision === 'approved' ? 'success' : 'warning'} size="small">
      {say(i18n.language, `decision.${decision}`)}
    </Pill>
  )
}
