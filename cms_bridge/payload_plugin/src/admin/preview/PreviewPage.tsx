/** The page of the admin that live previews show, made on the server for whoever is signed in. */
import type { AdminViewServerProps } from 'payload'
import type { ReactNode } from 'react'

import type { Previewed } from '../../livePreview.ts'
import { StoryboardPreview, VideoPreview } from './LivePreview.tsx'

type Props = AdminViewServerProps & { slugs: Record<Previewed, string> }

export function PreviewPage({ initPageResult, params, slugs }: Props): ReactNode {
  const [, , name, id] = params?.segments ?? []
  if (!initPageResult.req.user || !id) return null
  switch (name) {
    case 'storyboards':
      return <StoryboardPreview collection={slugs.storyboards} id={id} />
    case 'videos':
      return <VideoPreview collection={slugs.videos} id={id} />
    default:
      return null
  }
}
