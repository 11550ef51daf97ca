/** How a video's newest submission stands, in the cell of a list, made on the server. */
import { Pill } from '@payloadcms/ui'
import type { BasePayload, DefaultServerCellComponentProps } from 'payload'
import type { ReactNode } from 'react'

import type { RenditionDoc, VideoDoc } from '../../documents.ts'
import { filmOf, filmsOf } from '../../films.ts'
import { translate } from '../../translations/index.ts'
import { StatusPill, styles, tellStatus } from '../rendition/RenditionCell.tsx'
import { type FilmStanding, foremost, tellEach, tellFilms } from './summary.ts'

export async function StatusCell({
  i18n: { language },
  payload,
  rowData,
  slugs,
}: DefaultServerCellComponentProps & { slugs: { renditions: string } }): Promise<ReactNode> {
  const video = rowData as VideoDoc | undefined
  if (!video) return null
  const submitted = filmsOf(video).filter((film) => filmOf(video, film).submission)
  const { docs } = await payload.find({
    collection: slugs.renditions,
    where: {
      video: { equals: video.id },
      submission: { in: submitted.map((film) => filmOf(video, film).submission ?? 0) },
    },
    sort: '-createdAt',
    limit: submitted.length || 1,
    depth: 0,
    // The row is one that its reader may see.
    overrideAccess: true,
  })
  const renditions = docs as unknown as RenditionDoc[]
  const renditionOf = (film: string): RenditionDoc | undefined =>
    renditions.find(({ submission }) => submission === filmOf(video, film).submission)

  // The video's own film alone is told as it always was.
  if (submitted.every((film) => film === '')) {
    const rendition = renditionOf('')
    if (rendition) return <StatusPill language={language} rendition={rendition} />
    return (
      <Pill pillStyle="light-gray" size="small">
        {translate(language, `stage.${video.stage ?? 'draft'}`)}
      </Pill>
    )
  }
  const films = submitted.map((film): FilmStanding => {
    const rendition = renditionOf(film)
    return {
      locale: film || defaultLocaleOf(payload),
      status: rendition?.status ?? null,
      words: rendition
        ? tellStatus(rendition, language)
        : translate(language, `stage.${filmOf(video, film).stage ?? 'draft'}`),
    }
  })
  const status = foremost(films)
  return (
    <span title={tellEach(films, language)}>
      <Pill pillStyle={(status && styles[status]) ?? 'light'} size="small">
        {tellFilms(films, language)}
      </Pill>
    </span>
  )
}

function defaultLocaleOf({ config }: BasePayload): string {
  return config.localization ? config.localization.defaultLocale : ''
}
