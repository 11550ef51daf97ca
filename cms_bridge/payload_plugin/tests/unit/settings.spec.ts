import { afterEach, describe, expect, test, vi } from 'vitest'

import { requireSettings, resolveSettings } from '../../src/settings.ts'

const good = {
  bridgeUrl: 'https://bridge.example.org/',
  webhookSecret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  apiKey: 'the-key',
}

const check = (options: Parameters<typeof resolveSettings>[0]): void =>
  requireSettings(resolveSettings(options))

afterEach(() => vi.unstubAllEnvs())

test('complete options give settings with every default', () => {
  const settings = resolveSettings(good)
  expect(settings.bridgeUrl).toBe('https://bridge.example.org')
  expect(settings.slugs.videos).toBe('videos')
  expect(settings.limits).toMatchObject({ maxScriptChars: 40_000, maxScenes: 200 })
  expect(settings.progress).toEqual({ streams: 50, streamMs: 300_000 })
})

test('every mistake is named at once, and no secret is repeated', () => {
  const wrong = {
    bridgeUrl: 'ftp://bridge',
    webhookSecret: 'whsec_c2hvcnQ=',
    apiKey: '',
    limits: { maxScenes: 0 },
    deliver: { pollMs: -1 },
    progress: { streams: -1 },
  }
  expect(() => check(wrong)).toThrow(
    'reelwright cannot start: bridgeUrl is not an http(s) address; ' +
      'webhookSecret must be "whsec_" and 24 to 64 bytes in base64; apiKey is missing (set REELWRIGHT_API_KEY); ' +
      'limits.maxScenes must be a number of at least 1; deliver.pollMs must be a number of at least 0; ' +
      'progress.streams must be a number of at least 0.',
  )
  expect(() => check(wrong)).not.toThrow('c2hvcnQ')
})

describe('a webhook secret', () => {
  test.for([
    ['without its prefix', Buffer.alloc(32).toString('base64')],
    ['that is too short', `whsec_${Buffer.alloc(23).toString('base64')}`],
    ['that is too long', `whsec_${Buffer.alloc(65).toString('base64')}`],
    ['that is not base64', 'whsec_not base64 at all, however long it may be'],
  ] as const)('%s is refused', ([, webhookSecret]) => {
    expect(() => check({ ...good, webhookSecret })).toThrow('webhookSecret must be')
  })
})

test('a plugin that is switched off asks for nothing', () => {
  const nothing = { bridgeUrl: '', webhookSecret: '', apiKey: '', disabled: true }
  expect(() => check(nothing)).not.toThrow()
})

test('what the options leave out is read from the environment, and named as it is called there', () => {
  expect(() => check({})).toThrow(
    'bridgeUrl is missing (set REELWRIGHT_BRIDGE_URL); ' +
      'webhookSecret is missing (set REELWRIGHT_WEBHOOK_SECRET); ' +
      'apiKey is missing (set REELWRIGHT_API_KEY).',
  )
  vi.stubEnv('REELWRIGHT_BRIDGE_URL', good.bridgeUrl)
  vi.stubEnv('REELWRIGHT_WEBHOOK_SECRET', good.webhookSecret)
  vi.stubEnv('REELWRIGHT_API_KEY', good.apiKey)
  const { bridgeUrl, webhookSecret, apiKey } = resolveSettings({})
  expect({ bridgeUrl: `${bridgeUrl}/`, webhookSecret, apiKey }).toEqual(good)
  expect(resolveSettings({ apiKey: 'mine' }).apiKey).toBe('mine')
})
