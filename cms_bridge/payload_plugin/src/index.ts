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
import { boardEndpoints } from './endpoints/board.ts'
import { animaticEndpoints } from './endpoints/animatic.ts'
import { awakeEndpoint } from './endpoints/awake.ts'
import { exportEndpoints } from './endpoints/exports.ts'
import { filmsEndpoint } from './endpoints/films.ts'
import { priceEndpoint } from './endpoints/price.ts'
import { readingEndpoint } from './endpoints/reading.ts'
import { resendEndpoint } from './endpoints/resend.ts'
import { resolveEndpoint } from './endpoints/resolve.ts'
import { lineEndpoint } from './endpoints/line.ts'
import { madeEndpoints } from './endpoints/made.ts'
import { spendingEndpoint } from './endpoints/spending.ts'
import { statusEndpoints } from './endpoints/status.ts'
import { takeEndpoint } from './endpoints/take.ts'
import { watchEndpoints } from './endpoints/watch.ts'
import { voicesEndpoints } from './endpoints/voices.ts'
import { writebackEndpoints } from './endpoints/writeback.ts'
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
export { stopPoller } from './outbox/poller.ts'

const collections: Record<CollectionName, (settings: Settings) => CollectionConfig> = {
  projects,
  videos,
  storyboards,
  renditions,
  outbox,
}

/** Add Reelwright to a Payload configuration; whatever the host configured stays. */
export function reelwright(options: ReelwrightOptions = {}): Plugin {
  return (config) => {
    const settings = resolveSettings(options)
    const pluginCollections = Object.entries(collections).map(([name, build]) => {
      const override = options.overrides?.[name as CollectionName]
      const built = options.disabled
        ? build(settings)
        : withLivePreview(settings, config, build(settings))
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
        ...voicesEndpoints(settings),
        ...madeEndpoints(settings),
        priceEndpoint(settings),
        ...boardEndpoints(settings),
        takeEndpoint(settings),
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
}
