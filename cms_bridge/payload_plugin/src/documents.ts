/**
 * The plugin's documents as they are stored, and the values that their choices may have.
 *
 * Documents are read through these interfaces and not through a host's
 * generated types, because the host chooses the slugs.
 */
import type {
  AspectRatio,
  CaptionStyle,
  CastKind,
  CastMember,
  Clip,
  CmsFile,
  CmsEvent,
  Corner,
  Focus,
  Ingredient,
  Logo,
  Look,
  Motion,
  Mood,
  Music,
  Upload,
  Palette,
  Problem,
  RenditionFile,
  Status,
  TextStyle,
  Transition,
} from './generated/events.ts'

export type Id = number | string

/** A relationship: an id, or the document where depth was asked for. */
export type Reference<T extends { id: Id }> = Id | T

export function idOf<T extends { id: Id }>(reference: Reference<T>): Id {
  return typeof reference === 'object' ? reference.id : reference
}

export interface ProjectDoc {
  id: Id
  /** What the service calls it; nothing where it is older than such names. */
  serviceId?: null | string
  name: string
  /** Of its videos, where they name none. */
  voice?: null | string
  speakers?: null | SpeakerRow[]
  palette?: Palette | null
  look?: { [part in keyof Look]?: null | string } | null
  cast?: CastRow[] | null
  logo?: LogoGroup | null
  /** Whether films say that they were made with AI, where their videos do not decide it. */
  disclosure?: boolean | null
  /** Whether a storyboard is approved only once each of its scenes is. */
  approveScenes?: boolean | null
  /** How words are pronounced. */
  lexicon?: LexiconRow[] | null
  defaults?: null | VideoDefaults
}

/** A word, or a few, and how they are said; in every language where none is named. */
export interface LexiconRow {
  word: string
  spoken: string
  language?: null | string
}

/** What new videos of a project begin with; nothing for what any video begins with. */
export type VideoDefaults = Partial<
  Pick<VideoDoc, 'aspectRatio' | 'locale' | 'musicMood' | 'speed'>
>

/** Return the defaults that somebody has set. */
export function videoDefaults(defaults: null | undefined | VideoDefaults): VideoDefaults {
  const { aspectRatio, locale, musicMood, speed } = defaults ?? {}
  const all = { aspectRatio, locale, musicMood, speed }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value))
}

/** The picture in a corner of all films. */
export interface LogoGroup {
  picture?: MediaChoice
  corner?: Corner | null
  /** Per cent of the frame's shorter side. */
  width?: null | number
}

/** Somebody or something that comes back in a project's films. */
export interface CastRow {
  name?: null | string
  kind?: CastKind | null
  description?: null | string
  /** Documents of the media library. */
  references?: MediaChoice[] | null
}

/** Somebody who speaks in a script by name. */
export interface SpeakerRow {
  id?: null | string
  name: string
  /** Nothing for the video's own voice. */
  voice?: null | string
}

export const stages = ['draft', 'submitted', 'cancelled'] as const

export type Stage = (typeof stages)[number]

/** What a save may ask of `stage`: a stage, or one of two requests that are never stored. */
export const stageRequests = [...stages, 'resubmit', 'retry'] as const

export type StageRequest = (typeof stageRequests)[number]

/** Whether a film says that it was made with AI: as its project has it, or as its video does. */
export const disclosureChoices = ['project', 'on', 'off'] as const

export type DisclosureChoice = (typeof disclosureChoices)[number]

export interface VideoDoc {
  id: Id
  /** What the service calls it; nothing where it was submitted before there were such names. */
  serviceId?: null | string
  title: string
  project: Reference<ProjectDoc>
  brief?: string | null
  script?: string | null
  style?: string | null
  voice?: string | null
  /** Who speak by name; none for those of the project. */
  speakers?: null | SpeakerRow[]
  /** How fast it is spoken, from 0.5 to 2; nothing for the voice's own pace. */
  speed?: null | number
  locale?: string | null
  aspectRatio?: AspectRatio | null
  musicMood?: 'none' | Mood | null
  disclosure?: DisclosureChoice | null
  stage?: StageRequest | null
  submission?: number | null
  retries?: number | null
  /** The digest of the words that were submitted. */
  said?: null | string
  /** How the films of further locales stand, by the locale's code. */
  films?: null | Record<string, Partial<FilmState>>
  /** When it was put into the trash; nothing where it was not. */
  deletedAt?: null | string
  /** Whether it is published; nothing where the host has no drafts. */
  _status?: 'draft' | 'published' | null
  /** Why a save publishes a film that is held back; never stored. */
  publishAnyway?: null | string
  publishedAnyway?: null | Partial<PublishedAnyway>
  updatedAt: string
}

/** How far the work on one film is. */
export interface FilmState {
  retries: number
  /** The digest of the words that were submitted; null where none were. */
  said: null | string
  stage: StageRequest
  /** Counts the submissions of all films of the video. */
  submission: number
}

/** Who published a film that is held back, when and why. */
export interface PublishedAnyway {
  by: null | string
  at: null | string
  reason: null | string
  /** Which film, and what held it back. */
  hold: null | string
}

/** Return what the service calls a video or a project: no other in any CMS, now or later. */
export function serviceIdOf({ id, serviceId }: Pick<VideoDoc, 'id' | 'serviceId'>): string {
  return serviceId || String(id)
}

export const backgroundKinds = ['picture', 'solid', 'gradient'] as const

/** What a scene stands on; a colour that is not set is the video's own. */
export interface BackgroundRow {
  kind?: (typeof backgroundKinds)[number] | null
  colour?: null | string
  start?: null | string
  end?: null | string
  /** Degrees clockwise from upwards. */
  angle?: null | number
}

/** How a camera moves over a scene's picture, or that a model sets it in motion. */
export const motions = [
  'zoom_in',
  'zoom_out',
  'pan_left',
  'pan_right',
  'pan_up',
  'pan_down',
  'still',
  'generated',
] as const satisfies readonly Motion[]

/** How one scene becomes the next. */
export const transitions = [
  'crossfade',
  'cut',
  'fade',
  'wipe_left',
  'wipe_right',
  'wipe_up',
  'wipe_down',
  'slide_left',
  'slide_right',
  'slide_up',
  'slide_down',
] as const satisfies readonly Transition[]

export const captionWords = ['narration', 'own', 'none'] as const

/** What captions say of a scene. */
export interface CaptionRow {
  words?: (typeof captionWords)[number] | null
  /** Its own words. */
  text?: null | string
}

/** A document of one of the upload collections that the plugin was told of. */
export type MediaChoice = { relationTo: string; value: Reference<{ id: Id }> } | null

export interface SceneRow {
  id?: string | null
  sceneId?: string | null
  /** Stays as it is until it is unlocked. */
  locked?: boolean | null
  /** Stored nowhere: `locked` as it was read. A save that says both alike leaves the lock be. */
  lockedSeen?: boolean | null
  narration?: string | null
  picturePrompt?: string | null
  onScreenText?: string | null
  duration?: number | null
  motion?: Motion | null
  motionPrompt?: null | string
  clipSound?: boolean | null
  transition?: Transition | null
  transitionSeconds?: null | number
  transitionColour?: null | string
  textStyle?: null | TextStyle
  focus?: { [axis in keyof Focus]?: null | number } | null
  clip?: Clip | null
  /** Documents of the media library that were chosen here. */
  picture?: MediaChoice
  clipFile?: MediaChoice
  narrationFile?: MediaChoice
  /** What is sent of them, and files that were given to the project at the bridge. */
  own?: Partial<Record<'narrationFile' | 'picture', CmsFile | null | Upload>> | null
  background?: BackgroundRow | null
  caption?: CaptionRow | null
  pictureTake?: null | number
  narrationTake?: null | number
  /** Nothing for as fast as the whole. */
  speed?: null | number
  /** Seconds that it stays once all is said. */
  pauseAfter?: null | number
  /** Names of the cast that it shows, besides those in its words. */
  cast?: null | string[]
  ingredients?: Ingredient[] | null
}

/** Somebody's word that a scene may be filmed. */
export interface SceneApproval {
  /** The scene's id. */
  scene: string
  /** The SHA-256, in hex, of what is filmed of the scene. */
  digest: string
  /** US dollars, as text, that it cost at most; null where it was approved with the whole. */
  price: null | string
  by: string
  at: string
  /** Why it holds no more: the scene is another, or costs more than was approved. */
  void?: 'price' | 'scene'
}

/**
 * A scene's once at most. A list, since Payload merges objects key by key for each field that it
 * validates: with 220 keys a save took 70 seconds.
 */
export type SceneApprovals = readonly SceneApproval[]

export const decisions = ['pending', 'approved'] as const

export type Decision = (typeof decisions)[number]

export interface StoryboardDoc {
  id: Id
  jobId: string
  video: Reference<VideoDoc>
  project?: null | Reference<ProjectDoc>
  submission: number
  /** Which of the video's films it is of; nothing for its own. */
  film?: null | string
  title: string
  scenes?: null | SceneRow[]
  locale?: string | null
  aspectRatio?: AspectRatio | null
  style?: string | null
  voice?: string | null
  /** Who speak by name. */
  speakers?: null | SpeakerRow[]
  /** How fast it is spoken, from 0.5 to 2; nothing for the voice's own pace. */
  speed?: null | number
  palette?: Palette | null
  /** The project's own, as they were when it was drafted. */
  look?: Look | null
  cast?: CastMember[] | null
  captions?: CaptionStyle | null
  logo?: Logo | null
  /** Whether a label in the film says that it was made with AI. */
  disclosure?: boolean | null
  music?: Music | null
  /** A document of the media library that was chosen for it. */
  musicFile?: MediaChoice
  /** Which of the built-in music it is; 'none' for none, or for a file of one's own. */
  musicMood?: 'none' | Mood | null
  /** What a model is to compose; replaces mood and file. */
  musicPrompt?: null | string
  ingredients?: Ingredient[] | null
  /** What it shows of the media library, by `nameOf`. */
  files?: null | string[]
  /** The script that was submitted for it; nothing where that is not known. */
  draftedScript?: null | string
  /** The script that its scenes say: the same, or a later one that was taken over into them. */
  script?: null | string
  digest?: string | null
  estimatedCost?: string | null
  revision?: number | null
  /** The revision that a save says its author has read; never stored. */
  revisionSeen?: number | null
  decision?: Decision | null
  approvedBy?: string | null
  approvedAt?: string | null
  /** The price in US dollars that was shown to whoever approved; nothing where none was. */
  approvedCost?: string | null
  /** Who approved which of the scenes; written by the server alone. */
  sceneApprovals?: null | SceneApprovals
}

/**
 * Every status of a job in the order of the work, and whether the work is over then.
 *
 * The service's own list: one that it adds does not compile until it has its place here.
 */
const over: Record<Status, boolean> = {
  pending: false,
  storyboarding: false,
  storyboard_complete: false,
  approved: false,
  generating: false,
  composing: false,
  uploading: false,
  completed: true,
  failed: true,
  cancelled: true,
}

export const statuses = Object.keys(over) as Status[]

/** Tell whether a job has ended; only a retry moves it again. */
export function isOver(status: Status): boolean {
  return over[status]
}

export interface RenditionDoc {
  id: Id
  jobId: string
  video: Reference<VideoDoc>
  project?: null | Reference<ProjectDoc>
  submission: number
  /** Which of the video's films it is; nothing for its own. */
  film?: null | string
  sequence: number
  status: Status
  progress: number
  scenesDone?: number | null
  scenesTotal?: number | null
  storyboardDigest?: string | null
  /** The newest revision of the storyboard that the service has heard of. */
  storyboardRevision?: null | number
  estimatedCost?: string | null
  actualCost?: string | null
  warnings?: null | Problem[]
  error?: null | Problem
  file?: null | Partial<RenditionFile>
  /** What the film says, a paragraph a scene; empty where it is silent, nothing where nobody told. */
  transcript?: null | string
  /** What it is, for those who do not see it: as somebody wrote it, or else as it was drafted. */
  alt?: null | string
  /** When the service last wrote; nothing where it was before this was kept. */
  writtenAt?: null | string
  url?: string
  posterUrl?: string
  downloadUrl?: string
  /** Of the HLS stream; nothing where it is known that none was made. */
  streamUrl?: string
  captionsUrl?: string
  chaptersUrl?: string
  transcriptUrl?: string
  updatedAt: string
}

/** What of a rendition only the service writes. */
export const serviceFields = [
  'actualCost',
  'error',
  'estimatedCost',
  'file',
  'film',
  'jobId',
  'progress',
  'project',
  'scenesDone',
  'scenesTotal',
  'sequence',
  'status',
  'storyboardDigest',
  'storyboardRevision',
  'submission',
  'transcript',
  'video',
  'warnings',
  'writtenAt',
] as const satisfies (keyof RenditionDoc)[]

/** Return when the service last wrote a rendition: people save it too. */
export function writtenAt(rendition: Pick<RenditionDoc, 'updatedAt' | 'writtenAt'>): string {
  return rendition.writtenAt ?? rendition.updatedAt
}

export const deliveryStates = ['queued', 'delivered', 'refused'] as const

export type DeliveryState = (typeof deliveryStates)[number]

export interface OutboxDoc {
  id: Id
  eventId: string
  type: CmsEvent['type']
  /** Names the video, or the project: events of one stream are delivered in order. */
  stream: string
  video?: null | Reference<VideoDoc>
  /** What it tells of: unique, so that no step is told twice. */
  step?: null | string
  body: string
  state: DeliveryState
  attempts: number
  nextAttemptAt: string
  deliveredAt?: string | null
  responseStatus?: number | null
  lastError?: string | null
  /** The bridge's answer to an event that it did not take, in a form that can be translated. */
  problem?: null | Problem
  createdAt: string
}
