/**
 * The plugin's options, completed from the environment and checked.
 *
 * Whatever is missing or malformed is named in one error, all of it at once,
 * and no value of a secret is ever part of that sentence. It is raised when the
 * server starts: generating types, migrations or an import map needs no secrets.
 */
import type { Access } from 'payload'

import type {
  CollectionName,
  DeliveryOptions,
  Limits,
  ProgressOptions,
  ReelwrightOptions,
  AccessOptions,
} from './options.ts'

export interface Settings {
  bridgeUrl: string
  webhookSecret: string
  apiKey: string
  slugs: Record<CollectionName, string>
  media: readonly string[]
  localized: boolean
  livePreview: NonNullable<ReelwrightOptions['livePreview']>
  access: Required<AccessOptions>
  limits: Limits
  deliver: Required<DeliveryOptions>
  progress: Required<ProgressOptions>
  /** What keeps the plugin from working, each in words; nothing where all is well. */
  problems: string[]
}

/** What each address and secret is read from where the options do not say it. */
const variables = {
  bridgeUrl: 'REELWRIGHT_BRIDGE_URL',
  webhookSecret: 'REELWRIGHT_WEBHOOK_SECRET',
  apiKey: 'REELWRIGHT_API_KEY',
} as const

const second = 1_000
const day = 24 * 60 * 60 * second

const signedIn: Access = ({ req }) => Boolean(req.user)

/** Throw an error that names every mistake in the settings, if there is one. */
export function requireSettings({ problems }: Pick<Settings, 'problems'>): void {
  if (problems.length === 0) return
  throw new Error(`reelwright cannot start: ${problems.join('; ')}.`)
}

/** Return the settings that these options ask for, with what is wrong with them. */
export function resolveSettings(options: ReelwrightOptions): Settings {
  const given = (name: keyof typeof variables): string =>
    options[name] || process.env[variables[name]] || ''
  const connection = {
    bridgeUrl: given('bridgeUrl').replace(/\/+$/, ''),
    webhookSecret: given('webhookSecret'),
    apiKey: given('apiKey'),
  }
  return {
    ...connection,
    problems: options.disabled ? [] : findProblems({ ...options, ...connection }),
    slugs: {
      projects: 'projects',
      videos: 'videos',
      storyboards: 'storyboards',
      renditions: 'renditions',
      outbox: 'reelwright-outbox',
      ...options.slugs,
    },
    media: options.media ?? [],
    localized: options.localized ?? false,
    livePreview: options.livePreview ?? true,
    access: {
      projects: () => 'all',
      read: signedIn,
      watch: () => false,
      write: signedIn,
      approve: ({ req }) => Boolean(req.user),
      publishAnyway: () => false,
      outbox: signedIn,
      administer: () => false,
      ...options.access,
    },
    limits: {
      maxScriptChars: 40_000,
      maxScenes: 200,
      maxSceneChars: 5_000,
      maxSceneSeconds: 600,
      maxTransitionSeconds: 5,
      maxAltChars: 300,
      ...options.limits,
    },
    deliver: {
      pollMs: second / 2,
      timeoutMs: 10 * second,
      firstRetryMs: second,
      lastRetryMs: 300 * second,
      giveUpMs: 3 * day,
      keepMs: 7 * day,
      ...options.deliver,
    },
    progress: {
      streams: 50,
      streamMs: 300 * second,
      ...options.progress,
    },
  }
}

function findProblems(
  options: ReelwrightOptions & Record<keyof typeof variables, string>,
): string[] {
  const problems: string[] = []
  const missing = (name: keyof typeof variables): string =>
    `${name} is missing (set ${variables[name]})`
  if (!options.bridgeUrl) problems.push(missing('bridgeUrl'))
  else if (!/^https?:\/\//.test(options.bridgeUrl) || !URL.canParse(options.bridgeUrl)) {
    problems.push('bridgeUrl is not an http(s) address')
  }
  if (!options.webhookSecret) problems.push(missing('webhookSecret'))
  else if (!isSecret(options.webhookSecret)) {
    problems.push('webhookSecret must be "whsec_" and 24 to 64 bytes in base64')
  }
  if (!options.apiKey) problems.push(missing('apiKey'))
  for (const [section, values] of Object.entries({
    limits: options.limits,
    deliver: options.deliver,
    progress: options.progress,
  })) {
    for (const [name, value] of Object.entries(values ?? {})) {
      const least = section === 'limits' ? 1 : 0
      if (typeof value !== 'number' || !(value >= least)) {
        problems.push(`${section}.${name} must be a number of at least ${String(least)}`)
      }
    }
  }
  return problems
}

function isSecret(value: string): boolean {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value)?.[1]
  const size = encoded ? Buffer.from(encoded, 'base64').length : 0
  return size >= 24 && size <= 64
}
