/** What an editor types into a video changes in the film that is seen of it: pure. */
import type { VideoDoc } from '../../documents.ts'
import type { StoryboardEdit } from '../../endpoints/contract.ts'

/** What a storyboard takes from its video as it is; words become scenes by being drafted. */
const settings = ['aspectRatio', 'musicMood', 'speakers', 'speed', 'style', 'voice'] as const
const words = ['title', 'brief', 'script'] as const

type Field = (typeof settings)[number] | (typeof words)[number] | 'disclosure'

export type VideoValues = Partial<Record<Field, unknown>>

/** Return what of the film is to be seen as it stands in the form of its video. */
export function typedOf(saved: VideoValues, form: VideoValues): StoryboardEdit {
  const changed = settings.filter(
    // What is emptied comes from the project, which is asked once the video is submitted.
    (name) => !isSame(saved[name], form[name]) && said(form[name]) !== '',
  )
  const edit: StoryboardEdit = Object.fromEntries(changed.map((name) => [name, form[name]]))
  // What the project says is asked once the video is submitted, too.
  const isDecided = form.disclosure === 'on' || form.disclosure === 'off'
  if (!isDecided || isSame(saved.disclosure, form.disclosure)) return edit
  return { ...edit, disclosure: form.disclosure === 'on' }
}

/** Tell whether a form says something that the film has only once the video is submitted anew. */
export function isTyped(saved: VideoValues, form: VideoValues): boolean {
  return [...settings, ...words, 'disclosure' as const].some(
    (name) => !isSame(saved[name], form[name]),
  )
}

const isSame = (one: unknown, other: unknown): boolean => said(one) === said(other)

/** Return a value as it is compared: a form has numbers of rows, null and '' for nothing. */
function said(value: unknown): string {
  if (Array.isArray(value)) {
    const rows = value as VideoDoc['speakers']
    return (rows ?? []).map(({ name, voice }) => `${name}\n${voice ?? ''}`).join('\n\n')
  }
  return typeof value === 'string' || (typeof value === 'number' && value > 0) ? String(value) : ''
}
