/** A real Payload application around the plugin: users, a media library, SQLite, and nothing else. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ar } from '@payloadcms/translations/languages/ar'
import { de } from '@payloadcms/translations/languages/de'
import { en } from '@payloadcms/translations/languages/en'
import { es } from '@payloadcms/translations/languages/es'
import { fr } from '@payloadcms/translations/languages/fr'
import {
  buildConfig,
  type Config,
  type DatabaseAdapterObj,
  type Field,
  type Migration,
  type Plugin,
  type SanitizedConfig,
} from 'payload'
import { reelwright, type ReelwrightOptions } from 'payload-plugin-reelwright'

import { migrations } from './migrations/index.ts'
import { oneWriterSqlite } from './oneWriter.ts'

const dirname = path.dirname(fileURLToPath(import.meta.url))

export interface AppOptions {
  databaseUri: string
  secret: string
  serverUrl?: string
  plugin: ReelwrightOptions
  /** Where the files of the media library lie. */
  mediaDirectory?: string
  /** Another database, which brings its schema along; `databaseUri` is then not used. */
  database?: DatabaseAdapterObj
  /** What a user is besides an address; in the schema of another database alone. */
  userFields?: Field[]
  /** Further configuration of the host, applied before the plugin sees it. */
  host?: Partial<Config>
  /** Further plugins, those before this one and those after it. */
  plugins?: { before?: Plugin[]; after?: Plugin[] }
}

export function makeConfig({
  database,
  databaseUri,
  host = {},
  mediaDirectory = './media',
  plugin,
  plugins: { after = [], before = [] } = {},
  secret,
  serverUrl = '',
  userFields = [],
}: AppOptions): Promise<SanitizedConfig> {
  return buildConfig({
    secret,
    serverURL: serverUrl,
    telemetry: false,
    admin: {
      user: 'users',
      avatar: 'default',
      importMap: { baseDir: dirname },
      meta: { titleSuffix: ' · Reelwright' },
    },
    db:
      database ??
      oneWriterSqlite({
        client: { url: databaseUri },
        // The schema comes from migrations, so that no start ever stops at a question.
        push: false,
        migrationDir: path.join(dirname, 'migrations'),
        wal: true,
      }),
    i18n: { fallbackLanguage: 'en', supportedLanguages: { ar, de, en, es, fr } },
    typescript: { autoGenerate: false },
    ...host,
    collections: [
      { slug: 'users', auth: true, admin: { useAsTitle: 'email' }, fields: userFields },
      { slug: 'media', upload: { staticDir: mediaDirectory }, fields: [] },
      ...(host.collections ?? []),
    ],
    onInit: async (payload) => {
      // The adapter's own type leaves out that a migration is given its database.
      if (!database) await payload.db.migrate({ migrations: migrations as unknown as Migration[] })
      await host.onInit?.(payload)
    },
    plugins: [...before, reelwright({ media: ['media'], ...plugin }), ...after],
  })
}
