/** What a host passes to the plugin; `settings.ts` checks and completes it. */
import type { Access, CollectionConfig, LivePreviewConfig, PayloadRequest } from 'payload'

import type { Id } from './documents.ts'

export type CollectionName = 'projects' | 'videos' | 'storyboards' | 'renditions' | 'outbox'

/** What one video may ask for; the same names and defaults as the engine's own limits. */
export interface Limits {
  /** Characters of script and of brief, each. */
  maxScriptChars: number
  maxScenes: number
  /** Characters in one scene's narration, prompt or on-screen text. */
  maxSceneChars: number
  maxSceneSeconds: number
  maxTransitionSeconds: number
  /** Characters in the alternative text of a film. */
  maxAltChars: number
}

export interface DeliveryOptions {
  /** Milliseconds between two looks for due events; 0 leaves sending to `payload jobs:run`. */
  pollMs?: number
  /** Milliseconds that one request may take. */
  timeoutMs?: number
  /** Milliseconds before the second attempt; each further wait is twice as long. */
  firstRetryMs?: number
  /** Milliseconds that a wait is never longer than. */
  lastRetryMs?: number
  /** Milliseconds after which an event that nobody took is given up. */
  giveUpMs?: number
  /** Milliseconds that delivered events are kept. */
  keepMs?: number
}

export interface ProgressOptions {
  /** Streams of progress to browsers, open at once in one process; 0 leaves them to ask. */
  streams?: number
  /** Milliseconds that one lasts before its browser asks again, and is let in again. */
  streamMs?: number
}

/**
 * The projects of a user: all, or these. Ids or documents: what a user is related to is one or the
 * other, as deeply as Payload has read the user.
 */
export type ProjectScope = 'all' | readonly (Id | { id: Id })[]

export interface AccessOptions {
  /**
   * Which projects a user may see, create into and move into.
   *
   * The other rules say what a user may do; this one, with whose documents.
   */
  projects?: (args: { req: PayloadRequest }) => ProjectScope | Promise<ProjectScope>
  /** Who may see projects, videos, storyboards and renditions. */
  read?: Access
  /**
   * Whose finished films may be watched by those who may not see the renditions too, such as
   * visitors of a site: a rule on videos. It lets nobody read a document.
   */
  watch?: Access
  /** Who may create and edit projects, videos and storyboards, and describe films. */
  write?: Access
  /** Who may approve a storyboard, and with that spend. */
  approve?: (args: { req: PayloadRequest }) => boolean | Promise<boolean>
  /**
   * Who may publish a film that holds placeholders, or calls of which nobody knows whether they
   * were charged, and say why; it is recorded on the video.
   */
  publishAnyway?: (args: { req: PayloadRequest }) => boolean | Promise<boolean>
  /** Who may see the delivery outbox, but for the text of its events. */
  outbox?: Access
  /** Who may also read the text of events, which holds whole scripts. */
  administer?: (args: { req: PayloadRequest }) => boolean | Promise<boolean>
}

export interface ReelwrightOptions {
  /** Where the bridge listens, such as `https://bridge.example.org`; else `REELWRIGHT_BRIDGE_URL`. */
  bridgeUrl?: string | undefined
  /**
   * Shared with the bridge: `whsec_` and 24 to 64 bytes in base64; else `REELWRIGHT_WEBHOOK_SECRET`.
   * Signs both directions.
   */
  webhookSecret?: string | undefined
  /** The bridge's API key, which never leaves the server; else `REELWRIGHT_API_KEY`. */
  apiKey?: string | undefined
  slugs?: Partial<Record<CollectionName, string>>
  /**
   * The host's upload collections from which editors choose pictures, clips, recordings and music,
   * such as `['media']`. The service may then read their files, whoever else may.
   */
  media?: readonly string[]
  /**
   * Keeps title, brief, script and voice of a video in each of Payload's locales, and makes a film
   * of each. The schema changes with it.
   */
  localized?: boolean
  /**
   * What Payload's live preview of a video shows: the film as it stands in the form, or a page of
   * the host's by its `url`; false for no live preview of videos and storyboards.
   */
  livePreview?: boolean | NonNullable<LivePreviewConfig['url']>
  access?: AccessOptions
  /** The last word on each collection, given what the plugin made of it. */
  overrides?: Partial<Record<CollectionName, (collection: CollectionConfig) => CollectionConfig>>
  limits?: Partial<Limits>
  deliver?: DeliveryOptions
  progress?: ProgressOptions
  /** Keeps the collections, so that the schema stays, and does nothing else. */
  disabled?: boolean
}
