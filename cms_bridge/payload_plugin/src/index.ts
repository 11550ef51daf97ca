/**
 * The Payload plugin of Reelwright: collections, events, write-back and what editors see of it.
 *
 *     plugins: [reelwright()]
 *
 * Where the bridge is and what is shared with it is read from the environment,
 * or passed as options.
 */
import type { CollectionConfig, Config, Plugin } from 'payload'

import { outbox } from './collections/outbox.ts'
import { projects } from './collections/projects.ts'
import { renditions } from './collections/renditions.ts'
import { storyboards } from './collections/storyboards.ts'
import { videos } from './collections/videos.ts'
import { approveSceneEndpoint } from './endpoints/approveScene.ts'
import { boardEndpoint } from './endpoints/board.ts'
import { animaticEndpoints } from './endpoints/animatic.ts'
import { mediumEndpoint } from './endpoints/media.ts'
import { awakeEndpoint } from './endpoints/awake.ts'
import { exportEndpoints } from './endpoints/exports.ts'
import { filmsEndpoint } from './endpoints/films.ts'
import { progressEndpoint } from './endpoints/progress.ts'
import { standingsEndpoint } from './endpoints/standings.ts'
import { priceEndpoint } from './endpoints/price.ts'
import { readingEndpoint } from './endpoints/reading.ts'
import { resendEndpoint } from './endpoints/resend.ts'
import { resolveEndpoint } from './endpoints/resolve.ts'
import { lineEndpoint } from './endpoints/line.ts'
import { madeEndpoints } from './endpoints/made.ts'
import { spendingEndpoint } from './endpoints/spending.ts'
import { statusEndpoints } from './endpoints/status.ts'
import { takeEndpoint } from './endpoints/take.ts'
import { takeoverEndpoint } from './endpoints/takeover.ts'
import { watchEndpoints } from './endpoints/watch.ts'
import { voicesEndpoints } from './endpoints/voices.ts'
import { writebackEndpoints } from './endpoints/writeback.ts'
import { withOwnFields } from './foreign.ts'
import { tellingReplaced } from './hooks/tellReplaced.ts'
import { readableByService } from './library.ts'
import { withLivePreview, withPreviewPage } from './livePreview.ts'
import { startPoller } from './outbox/poller.ts'
import { deliverTask } from './outbox/task.ts'
import { requireSettings, resolveSettings, type Settings } from './settings.ts'
import type { CollectionName, ReelwrightOptions } from './options.ts'

export type * from './generated/events.ts'
export type * from './documents.ts'
export type * from './options.ts'
export type * from './endpoints/contract.ts'
export { findFilm, type FilmQuery } from './site.ts'
export { stopPoller } from './outbox/poller.ts'

const collections: Record<CollectionName, (settings: Settings) => CollectionConfig> = {
  projects,
  videos,
  storyboards,
  renditions,
  outbox,
}

/** Before other plugins, wherever it stands among them: several change only what is there already. */
const order = -1

/** Add Reelwright to a Payload configuration; whatever the host configured stays. */
export function reelwright(options: ReelwrightOptions = {}): Plugin {
  const plugin: Plugin = (config) => {
    const settings = resolveSettings(options)
    settings.problems.push(...unknownMedia(settings, config))
    const pluginCollections = Object.entries(collections).map(([name, build]) => {
      const override = options.overrides?.[name as CollectionName]
      const own = withOwnFields(build(settings))
      const built = options.disabled ? own : withLivePreview(settings, config, own)
      const collection = override ? override(built) : built
      return options.disabled ? { ...collection, hooks: {} } : collection
    })
    const hostCollections = (config.collections ?? []).map((collection) =>
      settings.media.includes(collection.slug) && !options.disabled
        ? tellingReplaced(settings, readableByService(settings, collection))
        : collection,
    )
    const extended: Config = {
      ...config,
      collections: [...hostCollections, ...pluginCollections],
      // Where a site's helpers find the collections.
      custom: { ...config.custom, reelwright: { slugs: settings.slugs } },
      jobs: { ...config.jobs, tasks: [...(config.jobs?.tasks ?? []), deliverTask(settings)] },
    }
    if (options.disabled) return extended
    return {
      ...extended,
      admin: withPreviewPage(settings, config.admin),
      endpoints: [
        ...(config.endpoints ?? []),
        ...writebackEndpoints(settings),
        ...watchEndpoints(settings),
        awakeEndpoint,
        ...statusEndpoints(settings),
        filmsEndpoint(settings),
        ...exportEndpoints(settings),
        spendingEndpoint(settings),
        lineEndpoint(settings),
        progressEndpoint(settings),
        standingsEndpoint(settings),
        ...voicesEndpoints(settings),
        ...madeEndpoints(settings),
        priceEndpoint(settings),
        boardEndpoint(settings),
        approveSceneEndpoint(settings),
        mediumEndpoint(settings),
        takeEndpoint(settings),
        takeoverEndpoint(settings),
        ...animaticEndpoints(settings),
        readingEndpoint(settings),
        resolveEndpoint(settings),
        resendEndpoint(settings),
      ],
      onInit: async (payload) => {
        await config.onInit?.(payload)
        // `next build` starts Payload too: it needs no secrets there, and sends nothing.
        if (process.env.NEXT_PHASE === 'phase-production-build') return
        requireSettings(settings)
        startPoller(payload, settings)
      },
    }
  }
  return Object.assign(plugin, { order })
}

/** Say which collections of the media library are not there yet: they would keep their files from the service. */
function unknownMedia({ media }: Settings, { collections: host = [] }: Config): string[] {
  return media
    .filter((slug) => !host.some((collection) => collection.slug === slug))
    .map((slug) => `media names "${slug}", which is no collection of the configuration's own`)
}
