/** The dev application as its environment wants it. */
import type { CollectionConfig } from 'payload'

import { type AppOptions, makeConfig } from './config.ts'
import { environment } from './environment.ts'
import { oneWriterSqlite } from './oneWriter.ts'
import { seedUser } from './seed.ts'

const desk = environment.locales.length > 0 ? deskIn(environment.locales) : undefined

export default makeConfig({
  databaseUri: environment.databaseUri,
  secret: environment.payloadSecret,
  serverUrl: environment.serverUrl,
  mediaDirectory: environment.mediaDirectory,
  ...(desk && { database: desk.database }),
  plugin: {
    bridgeUrl: environment.bridgeUrl,
    webhookSecret: environment.webhookSecret,
    apiKey: environment.apiKey,
    ...desk?.plugin,
  },
  host: { onInit: seedUser, ...desk?.host },
})

/**
 * A host with all that a desk can show: words in several locales, drafts, and administrators.
 *
 * Its schema is not that of the migrations; `schema.ts` makes it.
 */
function deskIn(
  locales: string[],
): Pick<AppOptions, 'host' | 'plugin'> & Required<Pick<AppOptions, 'database'>> {
  return {
    database: oneWriterSqlite({
      client: { url: environment.databaseUri },
      push: true,
      wal: true,
    }),
    host: { localization: { locales, defaultLocale: locales[0] ?? '', fallback: true } },
    plugin: {
      localized: true,
      access: { administer: () => true, publishAnyway: ({ req }) => Boolean(req.user) },
      overrides: {
        videos: (videos): CollectionConfig => ({ ...videos, versions: { drafts: true } }),
      },
    },
  }
}
