/** How a video's newest submission stands, in the cell of a list, made on the server. */
import { Pill } from '@payloadcms/ui'
import type { DefaultServerCellComponentProps } from 'payload'
import type { ReactNode } from 'react'

import type { RenditionDoc, VideoDoc } from '../../documents.ts'
import { translate } from '../../translations/index.ts'
import { StatusPill } from '../rendition/RenditionCell.tsx'

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
    // The row is one that its reader may see.
    overrideAccess: true,
  })
  const rendition = docs[0] as unknown as RenditionDoc | undefined
  if (rendition) return <StatusPill language={i18n.language} rendition={rendition} />
  return (
    <Pill pillStyle="light-gray" size="small">
      {translate(i18n.language, `stage.${video.stage ?? 'draft'}`)}
    </Pill>
  )
}
