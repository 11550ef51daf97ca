/** Generated from specs/*.schema.json by `npm run generate:events`; do not edit. */

export type Wire = CmsEvent | StoryboardWrite | RenditionWrite
export type CmsEvent =
  | VideoSubmitted
  | StoryboardEdited
  | AssetReplaced
  | StoryboardApproved
  | VideoCancelled
  | VideoRetried
  | LexiconChanged
/**
 * Which of a project's jobs go before its others; no project goes before another by it.
 */
export type Priority = 'high' | 'low' | 'normal'
/**
 * What a member of a cast is.
 */
export type CastKind = 'person' | 'place' | 'thing'
/**
 * The shape of the picture, width to height.
 */
export type AspectRatio = '16:9' | '1:1' | '9:16'
/**
 * A corner of the frame, inside the safe margin.
 */
export type Corner = 'bottom_left' | 'bottom_right' | 'top_left' | 'top_right'
/**
 * What a piece of the built-in music feels like.
 */
export type Mood = 'bright' | 'calm' | 'driving' | 'solemn' | 'tense' | 'warm'
/**
 * How a still moves: the camera over it, or what it shows.
 */
export type Motion =
  'generated' | 'pan_down' | 'pan_left' | 'pan_right' | 'pan_up' | 'still' | 'zoom_in' | 'zoom_out'
/**
 * How a scene gives way to the next one.
 */
export type Transition =
  | 'crossfade'
  | 'cut'
  | 'fade'
  | 'slide_down'
  | 'slide_left'
  | 'slide_right'
  | 'slide_up'
  | 'wipe_down'
  | 'wipe_left'
  | 'wipe_right'
  | 'wipe_up'
/**
 * Where a scene's on-screen text stands, and how large.
 */
export type TextStyle = 'lower_third' | 'none' | 'title'
/**
 * How a clip of another shape fills the frame.
 */
export type Fit = 'contain' | 'cover'
/**
 * What an ingredient is to the video.
 */
export type Role = 'clip' | 'logo' | 'music' | 'narration' | 'picture' | 'reference' | 'text'
/**
 * Who or what made a picture, a sound or a text.
 */
export type Source = 'model' | 'rule' | 'stock' | 'upload'
/**
 * How captions are burned into the picture.
 */
export type CaptionStyle = 'box' | 'highlight' | 'lit' | 'none' | 'outline'
/**
 * Where a job stands.
 */
export type Status =
  | 'approved'
  | 'cancelled'
  | 'completed'
  | 'composing'
  | 'failed'
  | 'generating'
  | 'pending'
  | 'storyboard_complete'
  | 'storyboarding'
  | 'uploading'

/**
 * An editor asks for a storyboard.
 */
export interface VideoSubmitted {
  type: 'video.submitted'
  timestamp: string
  data: Submission
}
/**
 * A brief, handed over to be filmed.
 */
export interface Submission {
  project: Project
  videoId: string
  submission: number
  version?: string
  priority?: Priority | null
  brief: Brief
}
/**
 * The project a video belongs to.
 */
export interface Project {
  id: string
  name: string
}
/**
 * What an editor wrote, before it became a storyboard.
 */
export interface Brief {
  title: string
  brief?: string
  script?: string
  style?: string
  look?: Look | null
  cast?: CastMember[]
  voice?: string
  speakers?: Speaker[]
  speed?: number | null
  locale?: string
  aspectRatio?: AspectRatio
  palette?: Palette
  logo?: Logo | null
  disclosure?: boolean
  music?: Mood | null
  follows?: string
}
/**
 * How all pictures of a film look, in words; what is empty is left to the model.
 */
export interface Look {
  style?: string
  palette?: string
  lens?: string
}
/**
 * Somebody or something that is to look the same in every picture that shows it.
 */
export interface CastMember {
  name: string
  kind?: CastKind
  description?: string
  references?: (Upload | CmsFile)[]
}
/**
 * A file that was given to the storyboard's project (`POST upload-asset`).
 */
export interface Upload {
  kind: 'upload'
  assetId: string
}
/**
 * A file of the CMS's media library, as it was when the storyboard was saved.
 */
export interface CmsFile {
  kind: 'cms'
  collection: string
  document: string
  name: string
  version: string
  mediaType?: string
  bytes?: number
}
/**
 * Somebody who speaks in a script by name.
 */
export interface Speaker {
  name: string
  voice?: string
}
/**
 * A project's three colours.
 */
export interface Palette {
  background?: string
  foreground?: string
  accent?: string
}
/**
 * A picture that stands in a corner throughout.
 */
export interface Logo {
  file?: string | null
  own?: (Upload | CmsFile) | null
  corner?: Corner
  width?: number
  opacity?: number
}
/**
 * An editor changed scenes; an approval given before is void.
 */
export interface StoryboardEdited {
  type: 'storyboard.edited'
  timestamp: string
  data: StoryboardChange
}
/**
 * A storyboard as an editor left it.
 */
export interface StoryboardChange {
  jobId: string
  storyboardId: string
  revision: number
  by?: string
  estimatedCost?: string | null
  edited?: boolean
  storyboard: Storyboard
}
/**
 * A whole video as a list of scenes, before any picture or sound exists.
 */
export interface Storyboard {
  title: string
  scenes: Scene[]
  locale?: string
  aspectRatio?: AspectRatio
  style?: string
  look?: Look | null
  cast?: CastMember[]
  voice?: string
  speakers?: Speaker[]
  speed?: number | null
  palette?: Palette
  captions?: CaptionStyle
  logo?: Logo | null
  disclosure?: boolean
  music?: Music | null
  ingredients?: Ingredient[]
}
/**
 * One picture and what is said over it.
 */
export interface Scene {
  id: string
  narration?: string
  narrationFile?: (Upload | CmsFile) | null
  picturePrompt?: string
  picture?: (Upload | CmsFile) | null
  onScreenText?: string
  duration?: number | null
  motion?: Motion
  motionPrompt?: string
  clipSound?: boolean
  transition?: Transition
  transitionSeconds?: number | null
  transitionColour?: string
  textStyle?: TextStyle
  focus?: Focus
  clip?: Clip | null
  background?: (Solid | Gradient) | null
  caption?: string | null
  pictureTake?: number
  narrationTake?: number
  speed?: number | null
  pauseAfter?: number
  cast?: string[]
  ingredients?: Ingredient[]
}
/**
 * The point of a picture that every crop keeps; shares of its width and height.
 */
export interface Focus {
  x?: number
  y?: number
}
/**
 * How a scene shows moving pictures: the assets folder's `<scene id>.mp4` (or .mov, .webm).
 */
export interface Clip {
  own?: (Upload | CmsFile) | null
  trimStart?: number
  trimEnd?: number | null
  fit?: Fit
  volume?: number | null
}
/**
 * One colour instead of a picture.
 */
export interface Solid {
  kind: 'solid'
  colour: string
}
/**
 * Two colours that run into each other, instead of a picture.
 */
export interface Gradient {
  kind: 'gradient'
  start: string
  end: string
  angle?: number
}
/**
 * Where one asset or text comes from; travels into the video's manifest, changes no pixel.
 */
export interface Ingredient {
  role: Role
  provider?: string
  model?: string
  promptHash?: string
  document?: string
  field?: string
  version?: string
  source?: Source | null
  credit?: Credit
}
/**
 * Whose work it is and how it may be used, as far as that is noted.
 */
export interface Credit {
  author?: string
  licence?: string
  digitalSourceType?: string
}
/**
 * A bed under the voice: looped to the video's length, faded, and ducked while one speaks.
 */
export interface Music {
  file?: string | null
  own?: (Upload | CmsFile) | null
  mood?: Mood | null
  prompt?: string
  volume?: number
  duck?: number
  fadeIn?: number
  fadeOut?: number
}
/**
 * An editor replaced a file that this video shows; to the video it is an edit.
 */
export interface AssetReplaced {
  type: 'asset.replaced'
  timestamp: string
  data: Replacement
}
/**
 * A storyboard in which a file of the CMS's media library was replaced by another.
 */
export interface Replacement {
  jobId: string
  storyboardId: string
  revision: number
  by?: string
  estimatedCost?: string | null
  edited?: boolean
  storyboard: Storyboard
  file: CmsFile
}
/**
 * An editor approved exactly this storyboard: generate and compose.
 */
export interface StoryboardApproved {
  type: 'storyboard.approved'
  timestamp: string
  data: StoryboardChange
}
/**
 * An editor stops the work.
 */
export interface VideoCancelled {
  type: 'video.cancelled'
  timestamp: string
  data: VideoRef
}
/**
 * Names one submission of a video: a video submitted again counts upwards.
 */
export interface VideoRef {
  projectId: string
  videoId: string
  submission: number
}
/**
 * An editor asks for a failed or cancelled job once more.
 */
export interface VideoRetried {
  type: 'video.retried'
  timestamp: string
  data: VideoRef
}
/**
 * An editor says how words are pronounced in all that is spoken for a project from now on.
 */
export interface LexiconChanged {
  type: 'project.lexicon_changed'
  timestamp: string
  data: Pronunciations
}
/**
 * How a project has words pronounced, whole.
 */
export interface Pronunciations {
  project: Project
  /**
   * @maxItems 500
   */
  entries: Pronunciation[]
}
/**
 * A word, or a few, and how they are said.
 */
export interface Pronunciation {
  word: string
  spoken: string
  language?: string | null
}
/**
 * A drafted storyboard, handed to the editors.
 */
export interface StoryboardWrite {
  jobId: string
  projectId: string
  videoId: string
  submission: number
  storyboard: Storyboard
  digest: string
  estimatedCost: string
}
/**
 * A job as an editor sees it.
 */
export interface RenditionWrite {
  jobId: string
  projectId: string
  videoId: string
  submission: number
  sequence: number
  status: Status
  progress: number
  scenesDone?: number
  scenesTotal?: number
  storyboardDigest?: string
  storyboardRevision?: number
  estimatedCost?: string
  actualCost?: string
  warnings?: Problem[]
  error?: Problem | null
  file?: RenditionFile | null
  transcript?: string | null
}
/**
 * A code for translations, the values it speaks of, and one plain English sentence.
 */
export interface Problem {
  code: string
  message: string
  params?: {
    [k: string]: string | number
  }
}
/**
 * The newest finished video as stored: while a revision is made, the one before it.
 */
export interface RenditionFile {
  number?: number
  storyboardRevision?: number
  storyboardDigest?: string
  duration: number
  width: number
  height: number
  bytes: number
  language?: string
  alt?: string
  hasStream?: boolean | null
}
