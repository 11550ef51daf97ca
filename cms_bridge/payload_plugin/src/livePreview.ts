/**
 * Payload's live preview of a video and of its storyboard: a page of the plugin's own that plays
 * the film as it stands in the form (see `admin/preview`).
 *
 * It lies in the admin, so that Payload asks for the same sign-in as for the document; all it
 * shows comes from the endpoints that the document's own panels ask.
 */
import type { AdminViewConfig, CollectionConfig, Config, LivePreviewConfig } from 'payload'
import { formatAdminURL } from 'payload/shared'

import type { Id } from './documents.ts'
import type { Settings } from './settings.ts'

/** The collections that have such a page. */
export const previewed = ['videos', 'storyboards'] as const

export type Previewed = (typeof previewed)[number]

const root = '/reelwright/preview'

type Rules = Pick<Settings, 'livePreview' | 'slugs'>

/** Return a collection of the plugin's with its live preview, where it is to have one. */
export function withLivePreview(
  { livePreview, slugs }: Rules,
  host: Config,
  collection: CollectionConfig,
): CollectionConfig {
  const name = previewed.find((each) => slugs[each] === collection.slug)
  // What the host has chosen for all its collections is not to be replaced by what stands here.
  const isHosts = host.admin?.livePreview?.collections?.includes(collection.slug)
  if (!name || livePreview === false || isHosts) return collection
  const url = name === 'videos' && livePreview !== true ? livePreview : addressOf(name)
  return { ...collection, admin: { ...collection.admin, livePreview: { url } } }
}

/** Return the host's admin with the page that the live preview shows. */
export function withPreviewPage({ livePreview, slugs }: Rules, admin: Config['admin']) {
  if (livePreview === false) return admin
  const page: AdminViewConfig = {
    Component: {
      path: 'payload-plugin-reelwright/rsc#PreviewPage',
      serverProps: { slugs },
    },
    // Exact, which Payload also takes for: not without signing in.
    exact: true,
    path: `${root}/:collection/:id`,
  }
  const { components } = admin ?? {}
  const views = { reelwrightPreview: page, ...components?.views }
  return { ...admin, components: { ...components, views } }
}

/** A path alone, so that the page has the origin that the admin was opened at. */
function addressOf(name: Previewed): NonNullable<LivePreviewConfig['url']> {
  return ({ data, locale, req }) => {
    const { id } = data as { id?: Id }
    if (id === undefined) return null
    const { localization, routes } = req.payload.config
    const query = localization ? `?locale=${encodeURIComponent(locale.code)}` : ''
    const path = `${root}/${name}/${encodeURIComponent(String(id))}${query}` as const
    return formatAdminURL({ adminRoute: routes.admin, path })
  }
}
