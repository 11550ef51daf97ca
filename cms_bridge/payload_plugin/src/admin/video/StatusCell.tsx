/** How a video's newest submission stands, in the cell of a list, made on the server. */
import type { DefaultServerCellComponentProps } from 'payload'
import type { ReactNode } from 'react'

import type { VideoDoc } from '../../documents.ts'
import { findStandings } from '../../standing.ts'
import { LiveStanding } from './LiveStanding.tsx'

export async function StatusCell({
  i18n: { language },
  payload,
  rowData,
  slugs,
}: DefaultServerCellComponentProps & {
  slugs: { outbox: string; renditions: string }
}): Promise<ReactNode> {
  const video = rowData as VideoDoc | undefined
  if (!video) return null
  const standing = (await findStandings(payload, slugs, [video], language)).get(String(video.id))
  return standing ? <LiveStanding id={String(video.id)} rendered={standing} /> : null
}
