/** Generated from specs/*.schema.json by `npm run generate:events`; do not edit. */

export type Timeline = TimelinePreview
/**
 * The shape of the picture, width to height.
 */
export type AspectRatio = '16:9' | '1:1' | '9:16'
/**
 * How large a video is made.
 */
export type Quality = 'full' | 'hd' | 'preview'
/**
 * Who or what made a picture, a sound or a text.
 */
export type Source = 'model' | 'rule' | 'stock' | 'upload'
/**
 * How a still moves: the camera over it, or what it shows.
 */
export type Motion =
  'generated' | 'pan_down' | 'pan_left' | 'pan_right' | 'pan_up' | 'still' | 'zoom_in' | 'zoom_out'
/**
 * How a clip of another shape fills the frame.
 */
export type Fit = 'contain' | 'cover'
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
 * How captions are burned into the picture.
 */
export type CaptionStyle = 'box' | 'highlight' | 'lit' | 'none' | 'outline'
/**
 * What a piece of the built-in music feels like.
 */
export type Mood = 'bright' | 'calm' | 'driving' | 'solemn' | 'tense' | 'warm'
/**
 * A corner of the frame, inside the safe margin.
 */
export type Corner = 'bottom_left' | 'bottom_right' | 'top_left' | 'top_right'

/**
 * A film as it will be, in one shape.
 */
export interface TimelinePreview {
  storyboardDigest: string
  title: string
  locale: string
  estimated: boolean
  frameRate: number
  sampleRate: number
  frames: number
  duration: number
  canvas: Canvas
  canvases: Canvas[]
  palette: Palette
  faces: Face[]
  scenes: ScenePreview[]
  captions: CaptionsPreview
  music: MusicPreview | null
  logo: LogoPreview | null
  label: LabelPreview | null
}
/**
 * The size that one profile makes films in.
 */
export interface Canvas {
  profile: string
  aspectRatio: AspectRatio
  quality: Quality
  width: number
  height: number
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
 * A family in one weight.
 */
export interface Face {
  family: string
  weight: number
  file: string
}
/**
 * One scene; times are the film's.
 */
export interface ScenePreview {
  id: string
  number: number
  title: string
  span: FrameSpan
  alone: FrameSpan
  cast: string[]
  view: StillView | ClipView | Solid | Gradient
  transition: TransitionPreview | null
  text: TextPreview | null
  narration: NarrationPreview | null
}
/**
 * When something is seen.
 */
export interface FrameSpan {
  start: number
  duration: number
  startFrame: number
  frames: number
}
/**
 * A camera over a picture.
 */
export interface StillView {
  kind: 'still'
  asset: ExistingAsset | null
  prompt: string
  motion: Motion
  focus: Focus
  crop: CropBox
  cropExact: boolean
  keyframes: Keyframe[]
}
/**
 * A medium that is there already.
 */
export interface ExistingAsset {
  id: string
  contentUrl: string
  mediaType: string
  placeholder: boolean
  source?: Source
}
/**
 * The point of a picture that every crop keeps; shares of its width and height.
 */
export interface Focus {
  x?: number
  y?: number
}
/**
 * The part of a picture that has the canvas's shape; shares of its width and height.
 */
export interface CropBox {
  left: number
  top: number
  width: number
  height: number
}
/**
 * What the camera sees at one moment; shares of the crop. Between two it goes evenly.
 */
export interface Keyframe {
  frame: number
  left: number
  top: number
  size: number
}
/**
 * A stretch of a clip; after its end its last picture stands.
 */
export interface ClipView {
  kind: 'clip'
  asset: ExistingAsset
  trimStart: number
  duration: number
  fit: Fit
  focus: Focus
  surround: string
  volume: number | null
  sound: SampleSpan | null
  fadeIn: number
  fadeOut: number
  ducking: LevelPoint[]
}
/**
 * When something is heard.
 */
export interface SampleSpan {
  start: number
  duration: number
  startSample: number
  samples: number
}
/**
 * A bend of a sound's level; between two it goes evenly, in decibels.
 */
export interface LevelPoint {
  at: number
  sample: number
  decibels: number
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
 * How a scene gives way to the next, while both are seen.
 */
export interface TransitionPreview {
  kind: Transition
  span: FrameSpan
  easing: 'linear' | 'smoothstep'
  colour: string | null
  softness: number
}
/**
 * A scene's words on the picture.
 */
export interface TextPreview {
  style: TextStyle
  paragraphs: string[]
  wordings: WordingPreview[]
  rightToLeft: boolean
  span: FrameSpan
  fadeFrames: number
  fade: number
  look: TextLook
}
/**
 * Where the lines of a paragraph may end, and how much height its script needs.
 */
export interface WordingPreview {
  pieces: string[]
  script: 'dense' | 'plain' | 'roomy'
  scale: number
}
/**
 * How words are set: they get smaller until they fit into their zone.
 */
export interface TextLook {
  zone: Zone
  align: 'center' | 'left' | 'right' | 'start'
  vertical: 'bottom' | 'middle' | 'top'
  size: number
  secondSize: number
  weights: number[]
  colours: TextColours
}
/**
 * A box on the canvas.
 */
export interface Zone {
  left: number
  top: number
  width: number
  height: number
}
/**
 * As `#rrggbb`, or `#rrggbbaa` where something shines through; mended to be legible.
 */
export interface TextColours {
  ink: string
  background: string | null
  lit: string | null
  mark: string | null
  halo: string | null
}
/**
 * What is said over a scene.
 */
export interface NarrationPreview {
  text: string
  asset: ExistingAsset | null
  reading: ExistingAsset | null
  estimated: boolean
  span: SampleSpan
  fade: number
}
/**
 * What is read while it is said.
 */
export interface CaptionsPreview {
  style: CaptionStyle
  look: TextLook
  cues: CuePreview[]
}
/**
 * One caption; `start` and `end` are those of the WebVTT file, in whole milliseconds.
 */
export interface CuePreview {
  sceneId: string
  text: string
  wording: WordingPreview
  rightToLeft: boolean
  start: number
  end: number
  span: FrameSpan | null
  words: SpokenWordPreview[]
  heard: boolean
  pages: LitPagePreview[]
}
/**
 * A word of a cue, or a phrase where words are not told apart.
 */
export interface SpokenWordPreview {
  text: string
  start: number
  end: number
}
/**
 * A few words of a caption that are seen together, while one of them is lit.
 */
export interface LitPagePreview {
  rightToLeft: boolean
  words: LitWordPreview[]
}
/**
 * A word of a page, or a phrase where words are not told apart.
 */
export interface LitWordPreview {
  text: string
  span: FrameSpan | null
}
/**
 * The bed under the voice, repeated to the film's length.
 */
export interface MusicPreview {
  file: string | null
  asset?: ExistingAsset | null
  mood: Mood | null
  bedUrl?: string | null
  volume: number
  span: SampleSpan
  fadeIn: number
  fadeOut: number
  ducking: LevelPoint[]
}
/**
 * The picture that stands in a corner throughout.
 */
export interface LogoPreview {
  file: string | null
  asset: ExistingAsset | null
  corner: Corner
  box: Zone
  opacity: number
}
/**
 * The words that stand in a corner throughout and say that a film was made with AI.
 */
export interface LabelPreview {
  text: string
  wording: WordingPreview
  rightToLeft: boolean
  look: TextLook
}
