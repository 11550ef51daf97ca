import { defineConfig } from 'vitest/config'

/** What depends on how a database holds rows, counts ids and compares text. */
const onBothEngines = [
  'access',
  'bulk',
  'delivery',
  'events',
  'money',
  'names',
  'revisions',
  'trash',
  'writeback',
]

export default defineConfig({
  resolve: {
    alias: { 'payload-plugin-reelwright': new URL('src/index.ts', import.meta.url).pathname },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'SQLite',
          include: ['tests/**/*.spec.ts'],
          globalSetup: ['tests/support/template.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'PostgreSQL',
          include: onBothEngines.map((name) => `tests/integration/${name}.spec.ts`),
          globalSetup: ['tests/support/postgresTemplate.ts'],
        },
      },
    ],
    setupFiles: ['tests/support/patience.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Payload takes two seconds to load: once for each worker, and not for each file.
    isolate: false,
    // Nor is a database's schema held to be there because the last one had the same.
    env: { PAYLOAD_FORCE_DRIZZLE_PUSH: 'true' },
    maxWorkers: 2,
    server: { deps: { inline: [/^@payloadcms\/translations/] } },
  },
})
