/**
 * What people mean: which events follow from which acts, and how a video stands then.
 *
 * The model of the property test. It knows acts and write-backs, and nothing of how the plugin
 * finds out what they mean.
 */
import { isOver } from '../../../src/documents.ts'
import type { StageRequest, Status } from 'payload-plugin-reelwright'

/** What the service was told of a film, in order. */
export interface Told {
  text: string
  submission: number
  /** Of the storyboard, where it is about one. */
  revision: number
  at: number
  state: 'delivered' | 'queued' | 'refused'
}

export interface Film {
  retries: number
  stage: 'cancelled' | 'draft' | 'submitted'
  submission: number
  told: Told[]
}

export interface Content {
  narration: string
  title: string
}

export interface StoryboardState {
  content: Content
  cost: null | string
  decision: 'approved' | 'pending'
  id: number
}

export interface RenditionState {
  at: number
  hasFile: boolean
  id: number
  revision: number
  sequence: number
  status: Status
}

/** What the service makes of one submission. */
export interface Job {
  film: string
  id: string
  /** Of the storyboard; goes on where it was deleted and is written once more. */
  revision: number
  rendition: null | RenditionState
  storyboard: null | StoryboardState
  submission: number
}

export class Video {
  readonly films = new Map<string, Film>()
  inTrash = false
  isGone = false
  readonly jobs: Job[] = []
  titles: Record<string, string>

  constructor(
    readonly id: number,
    readonly serviceId: string,
    titles: Record<string, string>,
  ) {
    this.titles = titles
  }

  film(name: string): Film {
    const film = this.films.get(name) ?? { retries: 0, stage: 'draft', submission: 0, told: [] }
    this.films.set(name, film)
    return film
  }

  get submissions(): number {
    return Math.max(0, ...[...this.films.values()].map(({ submission }) => submission))
  }

  stream(film: string): string {
    return `video:${this.serviceId}${film && `.${film}`}`
  }
}

/** All videos, and one clock for what happens to them. */
export class Intent {
  clock = 0
  readonly videos: Video[] = []

  get alive(): Video[] {
    return this.videos.filter(({ isGone }) => !isGone)
  }

  /** Return whether a save with a stage is taken, and have it done if so. */
  ask(video: Video, name: string, asked: StageRequest, title: string): boolean {
    const film = video.film(name)
    if (asked === film.stage) {
      if (video.inTrash) this.stopAll(video)
      return true
    }
    if (video.inTrash && asked !== 'cancelled') return false
    switch (asked) {
      case 'draft':
        return true
      case 'submitted':
      case 'resubmit':
        if (!title) return false
        this.#submit(video, name, title)
        return true
      case 'retry':
        if (film.submission === 0 || lacksEdit(video, name)) return false
        film.stage = 'submitted'
        film.retries += 1
        this.#tell(film, { text: `video.retried ${String(film.submission)}` })
        return true
      case 'cancelled':
        if (film.submission === 0) return false
        if (video.inTrash) this.stopAll(video)
        else this.#stop(video, name)
        return true
    }
  }

  /** Nobody watches what lies in the trash, or is gone: what there is work on is stopped, once. */
  stopAll(video: Video): void {
    for (const name of video.films.keys()) this.#stop(video, name)
  }

  /** Edit, approve, or both; return whether anything is told of it. */
  decide(
    video: Video,
    job: Job,
    { approve = false, content, cost }: { approve?: boolean; content?: Content; cost?: string },
  ): boolean {
    const { storyboard } = job
    if (!storyboard) throw new Error('There is no storyboard.')
    const isEdit =
      content !== undefined &&
      (content.title !== storyboard.content.title ||
        content.narration !== storyboard.content.narration)
    const isAnew =
      storyboard.decision === 'pending' || (cost !== undefined && cost !== storyboard.cost)
    const isApproval = approve && isAnew
    if (!isEdit && !isApproval) return false
    if (content) storyboard.content = content
    storyboard.decision = isApproval ? 'approved' : 'pending'
    storyboard.cost = isApproval ? (cost ?? null) : null
    job.revision += 1
    const film = video.film(job.film)
    const isReopened = film.stage === 'cancelled' && film.submission === job.submission
    if (isReopened && (isApproval || job.rendition?.hasFile)) {
      film.stage = 'submitted'
      film.retries += 1
    }
    const { narration, title } = storyboard.content
    const said = `${job.id} ${String(job.revision)} ${title} / ${narration}`
    const { revision, submission } = job
    const text = isApproval
      ? `storyboard.approved ${said} $${storyboard.cost ?? ''}${isEdit ? ' edited' : ''}`
      : `storyboard.edited ${said}`
    this.#tell(film, { text, revision, submission })
    return true
  }

  /** Note how all that waited was answered. */
  answered(state: 'delivered' | 'refused'): void {
    for (const video of this.videos) {
      for (const [name, film] of video.films) {
        for (const told of film.told.filter((each) => each.state === 'queued')) {
          told.state = state
          if (state === 'refused') takeBack(video, name, told)
        }
      }
    }
  }

  #submit(video: Video, name: string, title: string): void {
    const lead = [...video.films].find(([, { submission }]) => submission > 0)?.[0]
    const film = video.film(name)
    film.submission = video.submissions + 1
    film.stage = 'submitted'
    const follows = lead === undefined || lead === name ? '' : video.stream(lead).slice(6)
    const { submission } = film
    const id = `job-${video.stream(name)}-${String(submission)}`
    video.jobs.push({ id, film: name, submission, revision: 0, rendition: null, storyboard: null })
    this.#tell(film, { text: `video.submitted ${String(submission)} ${title} < ${follows}` })
  }

  #stop(video: Video, name: string): void {
    const film = video.film(name)
    if (!isAtWork(video, name)) return
    film.stage = 'cancelled'
    this.#tell(film, { text: `video.cancelled ${String(film.submission)}` })
  }

  #tell(film: Film, told: Partial<Told> & Pick<Told, 'text'>): void {
    this.clock += 1
    const { submission } = film
    film.told.push({ submission, revision: 0, at: this.clock, state: 'queued', ...told })
  }
}

/** What was submitted is at work until it is over; and again, once the service was told more. */
function isAtWork(video: Video, name: string): boolean {
  const { stage, submission, told } = video.film(name)
  if (submission === 0 || stage === 'cancelled') return false
  const rendition = video.jobs.find((job) => job.submission === submission)?.rendition
  if (!rendition || !isOver(rendition.status)) return true
  return told.some(
    (each) =>
      each.submission === submission &&
      each.state !== 'refused' &&
      !each.text.startsWith('video.submitted') &&
      (each.state === 'queued' || each.at > rendition.at || each.revision > rendition.revision),
  )
}

/** What the service would try again is not what the storyboard says: it refused to hear of that. */
function lacksEdit(video: Video, name: string): boolean {
  const { submission, told } = video.film(name)
  const job = video.jobs.find((each) => each.submission === submission)
  const newest = told.findLast(({ text }) => text.startsWith('storyboard.'))
  if (!job?.storyboard || !job.rendition || !newest) return false
  if (job.rendition.revision >= job.revision || newest.state === 'queued') return false
  return newest.state === 'refused' || newest.at <= job.rendition.at
}

/** An approval that was refused is none, unless somebody has decided since. */
function takeBack(video: Video, name: string, { revision, submission, text }: Told): void {
  if (!text.startsWith('storyboard.approved')) return
  const job = video.jobs.find((each) => each.film === name && each.submission === submission)
  if (!job?.storyboard || job.revision !== revision) return
  job.storyboard.decision = 'pending'
  job.storyboard.cost = null
}
