/**
 * The plugin's own endpoints, as the server that answers and the admin that asks agree on them:
 * where each is, what it takes and what it answers.
 */
import type {
  Decision,
  DeliveryState,
  Id,
  MediaChoice,
  RenditionDoc,
  Stage,
  StoryboardDoc,
} from '../documents.ts'
import type {
  CastKind,
  AspectRatio,
  CaptionStyle,
  CmsEvent,
  Problem,
  Status,
} from '../generated/events.ts'
import type { HoldReason } from '../publishing.ts'
import type { TimelinePreview } from '../generated/timeline.ts'
import type { Takeover } from '../takeover.ts'

/** The code of the problem that is answered while the bridge is away: nothing is wrong with the question. */
export const serviceAway = 'service_away'

export const paths = {
  status: '/reelwright/videos/:id/status',
  line: '/reelwright/videos/:id/line',
  progress: '/reelwright/videos/:id/progress',
  standings: '/reelwright/standings',
  languages: '/reelwright/videos/:id/languages',
  films: '/reelwright/videos/:id/films',
  exports: '/reelwright/videos/:id/exports',
  exportPrices: '/reelwright/videos/:id/exports/prices',
  orderExports: '/reelwright/videos/:id/exports/order',
  exportAct: '/reelwright/videos/:id/exports/:export/:act',
  spending: '/reelwright/projects/:id/spending',
  voices: '/reelwright/voices',
  voiceSample: '/reelwright/projects/:id/voices/sample',
  drawMember: '/reelwright/projects/:id/cast/draw',
  made: '/reelwright/projects/:id/made/:asset',
  keepMade: '/reelwright/projects/:id/made/:asset/keep',
  price: '/reelwright/storyboards/:id/price',
  board: '/reelwright/storyboards/:id/board',
  takeover: '/reelwright/storyboards/:id/takeover',
  take: '/reelwright/storyboards/:id/take',
  approveScene: '/reelwright/storyboards/:id/scenes/:scene/approve',
  timeline: '/reelwright/storyboards/:id/timeline',
  reading: '/reelwright/storyboards/:id/reading',
  medium: '/reelwright/storyboards/:id/media',
  font: '/reelwright/fonts/:file',
  resolve: '/reelwright/renditions/:id/charges/:charge/resolve',
  video: '/reelwright/renditions/:id/video',
  poster: '/reelwright/renditions/:id/poster',
  download: '/reelwright/renditions/:id/download',
  stream: '/reelwright/renditions/:id/stream.m3u8',
  webm: '/reelwright/renditions/:id/preview.webm',
  gif: '/reelwright/renditions/:id/preview.gif',
  captions: '/reelwright/renditions/:id/captions.vtt',
  chapters: '/reelwright/renditions/:id/chapters.vtt',
  transcript: '/reelwright/renditions/:id/transcript.txt',
  resend: '/reelwright/deliveries/:id/send',
  awake: '/reelwright/awake',
  writeStoryboard: '/reelwright/jobs/:jobId/storyboard',
  writeRendition: '/reelwright/jobs/:jobId/rendition',
} as const

/** Return a path with its parameters filled in. */
export function pathTo(name: keyof typeof paths, params: Record<string, Id>): string {
  return paths[name].replace(/:(\w+)/g, (_, param: string) =>
    encodeURIComponent(String(params[param])),
  )
}

/** A voice that a video may ask for. */
export interface Voice {
  /** What a video's `voice` names it by. */
  id: string
  name: string
  provider: string
  /** Language tags in lower case; none for one that speaks whatever is written. */
  languages: string[]
  /** `female` or `male`; empty where its provider does not say. */
  gender: string
  /** A word or two in English, as its provider says. */
  description: string
  /** Where it can be heard, for an hour; null until somebody has had a sample made. */
  sampleUrl: null | string
  /** US dollars, as text, that a sample costs at most. */
  samplePrice: string
}

export interface VoiceSample {
  /** Null while it is made. */
  url: null | string
  /** What it is followed by while it is made. */
  asset: null | string
}

/** A reference picture that was ordered, or what it costs. */
export interface Drawing {
  /** What it is followed by; null where it would cost more than was named. */
  asset: null | string
  /** US dollars, as text, that it costs at most. */
  price: null | string
}

/** Where something stands that a project had made by itself. */
export interface Made {
  state: 'failed' | 'making' | 'ready'
  problem: null | Problem
}

/** What each endpoint that the admin reads answers with; others redirect or only take. */
export interface Answers {
  voices: Voice[]
  voiceSample: VoiceSample
  drawMember: Drawing
  made: Made
  /** The document of the media library that it has become. */
  keepMade: NonNullable<MediaChoice>
  status: VideoStatus
  line: Line
  standings: Standings
  languages: FilmLanguage[]
  films: Film[]
  exports: Export[]
  exportPrices: ExportPrice[]
  /** Nothing: what became of it is in the next list. */
  orderExports: null
  exportAct: null
  resend: null
  spending: Spending
  price: Price
  board: Board
  takeover: TakeoverOffer
  take: Take
  approveScene: SceneApproved
  timeline: Animatic
  reading: Reading
  /** Nothing: what became of it is in the next status. */
  resolve: null
}

export interface VideoStatus {
  stage: Stage
  submission: number
  /** Whether what would be filmed now is not what was submitted. */
  isStale: boolean
  /** The job of the present submission, once the service has taken it up. */
  rendition: null | RenditionDoc
  storyboard: null | {
    id: Id
    decision: Decision
    approvedBy: string
    approvedAt: null | string
    estimatedCost: string
    scenes: number
    /** How many of them somebody has approved as they are saved. */
    approvedScenes: number
    /** Whether the project has each of them approved before the whole. */
    byScene: boolean
    /** Counts its edits and approvals: whoever approves says which one was looked at. */
    revision: number
    /** Whether its scenes say another script than the video has by now. */
    isBehind: boolean
    /**
     * Whether the service knows of the newest save: it does; it is being told, or its answer is on
     * its way; or it was told in vain, and stands by what it knew.
     */
    known: 'no' | 'soon' | 'yes'
  }
  /** The newest film of an earlier submission, as long as the present one has none. */
  before: null | RenditionDoc
  /** The event that is not delivered: waiting for the service, or refused by it. */
  delivery: null | {
    type: CmsEvent['type']
    state: Exclude<DeliveryState, 'delivered'>
    attempts: number
    /** Why, in the service's own words; with a code where there is one to translate. */
    problem: Problem
  }
  /** True from the moment a new attempt is asked for until the service has begun it. */
  retrying: boolean
  /** What keeps the film from being published; null where nothing does, or nothing is published. */
  hold: null | {
    reasons: HoldReason[]
    /** True where it was said to publish this film all the same. */
    isPermitted: boolean
    mayPublish: boolean
  }
  /** Whether whoever asks may approve its storyboard, which is a save of that. */
  mayApprove: boolean
  /** Whether they may say of a call what became of its charge. */
  mayResolve: boolean
  /** Who may approve, for one who may not and waits for it; as far as that one may see them. */
  approvers: string[]
}

/** Where a video stands that waits for the service to take it up. */
export interface Line {
  /** From 1; null where it does not wait, or the service does not say. */
  place: null | number
  /** When about it begins; null where too little was made lately to tell. */
  startsAt: null | string
}

/** What `progress` streams: how a job stood after a change, in the service's own words. */
export interface JobProgress {
  /** Counts the job's changes, as a rendition's `sequence` does. */
  sequence: number
  jobId: string
  at: string
  status: Status
  /** Percent. */
  progress: number
  scenesDone: number
  scenesTotal: number
  /** What a worker is just doing; null while nobody works on it. */
  stage: null | { name: string; scene: null | number }
  /** The model that is just being asked; null while none is. */
  model: AskedModel | null
  warnings: Problem[]
}

export interface AskedModel {
  provider: string
  name: string
}

/** How videos stand, by their ids, as a list tells it; those that nobody may see are left out. */
export type Standings = Record<string, Standing>

export interface Standing {
  words: string
  /** Of each film by itself; empty where there is one. */
  title: string
  style: PillStyle
  /** Whether it changes by itself. */
  isMoving: boolean
}

export type PillStyle = 'error' | 'light' | 'light-gray' | 'success' | 'warning'

/** The film of a video in one of the locales that Payload keeps its words in. */
export interface FilmLanguage {
  /** The locale's code in Payload. */
  locale: string
  /** Whether there is anything to film: a title, and a script or a brief. */
  hasWords: boolean
  status: VideoStatus
}

/** What became of a scene, or of the whole, since the film before. */
export interface Change {
  /** Which scene, from 1; null of the whole. */
  number: null | number
  change: ChangeKind
  parts: ChangedPart[]
}

export const changeKinds = ['added', 'edited', 'moved', 'removed'] as const

export type ChangeKind = (typeof changeKinds)[number]

export const changedParts = [
  'narration',
  'picture',
  'motion',
  'text',
  'timing',
  'look',
  'music',
] as const

export type ChangedPart = (typeof changedParts)[number]

/** One of a video's finished films. */
export interface Film {
  id: string
  /** Counts the films of the video, from 1; exports of them have no number. */
  number: number
  createdAt: string
  /** Seconds. */
  duration: number
  width: number
  height: number
  bytes: number
  /** Whether it can be watched; else it is no longer kept, since a newer one stands. */
  isKept: boolean
  /** What it shows or says otherwise than the film before it. */
  changes: Change[]
}

/** What an editor may change of a storyboard that its price, or what is seen of it, depends on. */
export const editedFields = [
  'aspectRatio',
  'captions',
  'disclosure',
  'locale',
  'musicFile',
  'musicMood',
  'musicPrompt',
  'palette',
  'scenes',
  'speakers',
  'speed',
  'style',
  'title',
  'voice',
] as const satisfies readonly (keyof StoryboardDoc)[]

/** The body of `price`, `timeline` and `reading`: the fields as they stand in a form; whatever else is there is passed over. */
export type StoryboardEdit = Partial<Pick<StoryboardDoc, (typeof editedFields)[number]>>

/** What `timeline` answers with. */
export interface Animatic {
  /** Its media's addresses are paths of this server's API. */
  timeline: TimelinePreview
  /** What of each scene is still to be paid at most, in US dollars as text; by the scene's id. */
  due: Record<string, string>
}

/** What becomes of a reading: it is done, at work or in vain, or nobody reads the language. */
export const readingStates = ['ready', 'under_way', 'failed', 'silent'] as const

/** How far a free voice is with reading what of a storyboard nobody has spoken yet. */
export interface Reading {
  state: (typeof readingStates)[number]
  /** Narrations that can be heard in no way yet. */
  left: number
}

/** Amounts in US dollars, as text. */
export interface Price {
  /** At most, with every scene made anew. */
  estimatedCost: string
  /** The same as it usually is. */
  usualCost: string
  /** At most, what is to be paid now: what exists costs nothing. */
  difference: string
  usualDifference: string
  /** What an approval answers to; where more is needed than was approved, that included. */
  toApprove: string
  /** What the work, which has stopped for it, needs beyond what was approved. */
  needs: string
  /** What calls whose answer is lost may cost on top, as the project allows; 0 where they wait. */
  lostAtMost: string
  /** What it shows or says otherwise than the newest film; nothing where there is none. */
  changes: Change[]
  /** Of each scene, in the order of the scenes. */
  scenes: ScenePrice[]
  /** What there is to say before anything is paid. */
  warnings: Problem[]
}

/** Amounts in US dollars, as text. */
export interface ScenePrice {
  /** At most, what is to be paid for it now; nothing for what exists. */
  due: string
  /** The same as it usually is. */
  usualDue: string
  /** What of it is for its motion. */
  clipDue: string
  usualClipDue: string
  sceneId: string
  /** The SHA-256, in hex, of what is filmed of it: what its approval names. */
  digest: string
  approval: SceneStanding
}

/** Whether a scene is approved as it stands in a form, and who said so. */
export interface SceneStanding {
  state: (typeof sceneStates)[number]
  /** Empty where nobody has. */
  by: string
  at: null | string
}

/** It is approved; it was, and is another since, or costs more than was approved; or nobody has. */
export const sceneStates = ['approved', 'changed', 'dearer', 'none'] as const

/** The body of `approveScene`: what `price` told of the scene, and of the whole, as it was shown. */
export interface SeenScene {
  digest: string
  due: string
  toApprove: string
}

/** What `takeover` answers with: a changed script, taken over into the scenes as they are saved. */
export interface TakeoverOffer extends Takeover {
  /** The script as it is saved now: what a save that takes it over says. */
  script: string
  /** Of the storyboard that it was looked for in. */
  revision: number
}

/** How a storyboard stands once one of its scenes is approved. */
export interface SceneApproved {
  approvedScenes: number
  scenes: number
  /** The whole is approved with its last scene. */
  decision: Decision
  /** Of the storyboard, as it is then. */
  revision: number
}

/** What there is of each scene of a storyboard, as it was last saved. */
export interface Board {
  scenes: BoardScene[]
}

export interface BoardScene {
  sceneId: string
  /** The picture or clip; null where none is made. */
  picture: BoardPicture | null
  narration: BoardNarration | null
  /** How long it is seen, in seconds. */
  seconds: number
  /** Whom of the cast it shows. */
  cast: BoardMember[]
}

export interface BoardMember {
  name: string
  kind: CastKind
  /** Where the first picture of it is below Payload's API; null where the library has none. */
  picture: null | string
}

/** Something that is made. */
export interface BoardMedium {
  /** Where its bytes are, below Payload's API. */
  address: string
  mediaType: string
}

export interface BoardPicture extends BoardMedium {
  /** Whether it stands in for a model's work. */
  placeholder: boolean
}

export interface BoardNarration extends BoardMedium {
  /** What it says. */
  text: string
  /** When each of its words is said; empty where captions say something else. */
  words: SpokenWord[]
}

export interface SpokenWord {
  /** With the space that follows it. */
  text: string
  /** Seconds from the beginning of the narration. */
  start: number
  end: number
}

/** The body of `take`: which scene of a form is to be made once more in the same words. */
export interface TakeRequest {
  edit: StoryboardEdit
  /** Counts the form's scenes from 0. */
  scene: number
  kind: MadeKind
}

export const madeKinds = ['picture', 'narration'] as const

export type MadeKind = (typeof madeKinds)[number]

/** The number of a reading, or of a picture, that nobody has seen yet. */
export interface Take {
  take: number
}

export type ChargeOutcome = 'charged' | 'not_charged'

/** The body of `resolve`. */
export interface ChargeResolution {
  outcome: ChargeOutcome
}

export const shapes = ['16:9', '9:16', '1:1'] as const satisfies readonly AspectRatio[]

/** The short side of the picture, in lines. */
export const resolutions = ['1080p', '720p', '360p'] as const

/** How pictures are compressed: the first plays everywhere, each further one takes fewer bytes. */
export const codecs = ['h264', 'hevc', 'av1'] as const

/** What becomes of pictures in another shape: cut, for nothing, or made for it, at a price. */
export const pictureChoices = ['cropped', 'anew'] as const

/** How captions are burned into the picture; the first leaves them as they are in the film. */
export const captionChoices = ['own', 'none', 'outline', 'box', 'highlight', 'lit'] as const

/** Forms in which a finished film is wanted: one for each shape. */
export interface ExportOrder {
  shapes: AspectRatio[]
  resolution: (typeof resolutions)[number]
  format: (typeof codecs)[number]
  pictures: (typeof pictureChoices)[number]
  captions: (typeof captionChoices)[number]
  /** Whether an HLS stream is made of it too. */
  stream: boolean
  /** Whether small moving previews are made of it too: a WebM and a GIF. */
  previews: boolean
}

/** The body of `orderExports`: the order, and for each shape the price that was shown. */
export interface PricedOrder extends ExportOrder {
  prices: Partial<Record<AspectRatio, string>>
}

export interface ExportPrice {
  shape: AspectRatio
  /** At most, in US dollars as text; 0 where it begins by itself. */
  toApprove: string
  /** What calls whose answer is lost may cost on top; all forms of a film share it. */
  lostAtMost: string
}

export const exportActs = ['approve', 'cancel', 'retry'] as const

/** A finished film in another form, as it stands. */
export interface Export {
  id: string
  status: Status
  /** Percent. */
  progress: number
  shape: AspectRatio
  resolution: ExportOrder['resolution']
  format: ExportOrder['format']
  /** Whether pictures that were made for the film's shape are cut to this one. */
  isCropped: boolean
  /** How captions are burned into the picture; null where they are not. */
  captions: Exclude<CaptionStyle, 'none'> | null
  /** What an approval of it names, in US dollars as text; 0 once nothing more is to be paid. */
  toApprove: string
  /** What calls whose answer is lost may cost on top. */
  lostAtMost: string
  error: null | Problem
  /** Null until it is done. */
  film:
    | null
    | (Pick<Film, 'bytes' | 'duration' | 'height' | 'id' | 'isKept' | 'width'> & {
        /** Whether there is an HLS stream of it. */
        hasStream: boolean
        /** Whether there are small moving previews of it. */
        hasPreviews: boolean
      })
}

/** What a project has spent, in US dollars as text; a cap is null where nothing was made yet. */
export interface Spending {
  spent: string
  cap: null | string
  /** Of all projects since the first of the month, for those who may see all; else null. */
  monthSpent: null | string
  monthCap: null | string
  /** What calls whose answer is lost may cost on top of what is made by itself; 0 where they wait. */
  lostAtMost: string
}

/** What the service is told of a write-back: the document, and whether the write changed it. */
export interface WritebackResult {
  id: Id
  stored: boolean
}
