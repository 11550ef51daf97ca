/**
 * What the plugin takes as options, and its documents as they are stored.
 *
 * Documents are read through these interfaces and not through a host's
 * generated types, because the host chooses the slugs.
 */
import type { Access, CollectionConfig, PayloadRequest } from 'payload'

import type {
  AspectRatio,
  CaptionStyle,
  Clip,
  Focus,
  Ingredient,
  Logo,
  Motion,
  Music,
  Palette,
  Problem,
  RenditionFile,
  TextStyle,
  Transition,
} from './generated/events.ts'

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

export interface AccessOptions {
  /** Who may see projects, videos, storyboards and renditions. */
  read?: Access
  /** Who may create and edit projects, videos and storyboards. */
  write?: Access
  /** Who may approve a storyboard, and with that spend. */
  approve?: (args: { req: PayloadRequest }) => boolean | Promise<boolean>
  /** Who may see the delivery outbox. */
  outbox?: Access
}

export interface ReelwrightOptions {
  /** Where the bridge listens, such as `https://bridge.example.org`. */
  bridgeUrl: string
  /** Shared with the bridge: `whsec_` and 24 to 64 bytes in base64. Signs both directions. */
  webhookSecret: string
  /** The bridge's API key; never leaves the server. */
  apiKey: string
  slugs?: Partial<Record<CollectionName, string>>
  access?: AccessOptions
  /** The last word on each collection, given what the plugin made of it. */
  overrides?: Partial<Record<CollectionName, (collection: CollectionConfig) => CollectionConfig>>
  limits?: Partial<Limits>
  deliver?: DeliveryOptions
  /** Keeps the collections, so that the schema stays, and does nothing else. */
  disabled?: boolean
}

export type Id = number | string

/** A relationship: an id, or the document where depth was asked for. */
export type Reference<T extends { id: Id }> = Id | T

export interface ProjectDoc {
  id: Id
  name: string
  palette?: Palette | null
}

export type Stage = 'cancelled' | 'draft' | 'submitted'

/** What a save may ask of `stage`: a stage, or one of two requests that are never stored. */
export type StageRequest = 'resubmit' | 'retry' | Stage

export interface VideoDoc {
  id: Id
  title: string
  project: Reference<ProjectDoc>
  brief?: string | null
  script?: string | null
  style?: string | null
  voice?: string | null
  locale?: string | null
  aspectRatio?: AspectRatio | null
  stage?: StageRequest | null
  submission?: number | null
  retries?: number | null
  updatedAt: string
}

/** What a scene stands on; a colour that is not set is the video's own. */
export interface BackgroundRow {
  kind?: 'gradient' | 'picture' | 'solid' | null
  colour?: null | string
  start?: null | string
  end?: null | string
  /** Degrees clockwise from upwards. */
  angle?: null | number
}

/** What captions say of a scene. */
export interface CaptionRow {
  words?: 'narration' | 'none' | 'own' | null
  /** Its own words. */
  text?: null | string
}

export interface SceneRow {
  id?: string | null
  sceneId?: string | null
  narration?: string | null
  picturePrompt?: string | null
  onScreenText?: string | null
  duration?: number | null
  motion?: Motion | null
  transition?: Transition | null
  transitionSeconds?: null | number
  transitionColour?: null | string
  textStyle?: null | TextStyle
  focus?: { [axis in keyof Focus]?: null | number } | null
  clip?: Clip | null
  background?: BackgroundRow | null
  caption?: CaptionRow | null
  ingredients?: Ingredient[] | null
}

export type Decision = 'approved' | 'pending'

export interface StoryboardDoc {
  id: Id
  jobId: string
  video: Reference<VideoDoc>
  project?: null | Reference<ProjectDoc>
  submission: number
  title: string
  scenes?: null | SceneRow[]
  locale?: string | null
  aspectRatio?: AspectRatio | null
  style?: string | null
  voice?: string | null
  palette?: Palette | null
  captions?: CaptionStyle | null
  logo?: Logo | null
  music?: Music | null
  ingredients?: Ingredient[] | null
  digest?: string | null
  estimatedCost?: string | null
  revision?: number | null
  decision?: Decision | null
  approvedBy?: string | null
  approvedAt?: string | null
  /** The price in US dollars that was shown to whoever approved; nothing where none was. */
  approvedCost?: string | null
}

export const statuses = [
  'pending',
  'storyboarding',
  'storyboard_complete',
  'approved',
  'generating',
  'composing',
  'uploading',
  'completed',
  'failed',
  'cancelled',
] as const

export type Status = (typeof statuses)[number]

/** Tell whether a job has ended; only a retry moves it again. */
export function isOver(status: Status): boolean {
  return status === 'cancelled' || status === 'completed' || status === 'failed'
}

export interface RenditionDoc {
  id: Id
  jobId: string
  video: Reference<VideoDoc>
  project?: null | Reference<ProjectDoc>
  submission: number
  sequence: number
  status: Status
  progress: number
  scenesDone?: number | null
  scenesTotal?: number | null
  storyboardDigest?: string | null
  estimatedCost?: string | null
  actualCost?: string | null
  warnings?: null | Problem[]
  error?: null | Problem
  file?: null | Partial<RenditionFile>
  url?: string
  posterUrl?: string
  downloadUrl?: string
  updatedAt: string
}

export interface OutboxDoc {
  id: Id
  eventId: string
  type: string
  /** Names the video: events of one stream are delivered in order. */
  stream: string
  body: string
  state: 'delivered' | 'queued' | 'refused'
  attempts: number
  nextAttemptAt: string
  deliveredAt?: string | null
  responseStatus?: number | null
  lastError?: string | null
  /** The bridge's answer to a refused event, in a form that can be translated. */
  problem?: null | Problem
  createdAt: string
}
