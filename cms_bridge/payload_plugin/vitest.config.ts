import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: { 'payload-plugin-reelwright': new URL('src/index.ts', import.meta.url).pathname },
  },
  test: {
    include: ['tests/**/*.spec.ts'],
    globalSetup: ['tests/support/template.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    server: { deps: { inline: [/^@payloadcms\/translations/] } },
  },
})
