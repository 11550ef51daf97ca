/** A rendition's status in words, as lists tell it. */
import type { RenditionDoc } from '../../documents.ts'
import { translate } from '../../translations/index.ts'

/** Return a status in words for whoever reads the list, who may not be who approves. */
export function tellStatus({ file, status }: RenditionDoc, language: string): string {
  if (status !== 'storyboard_complete') return translate(language, `status.${status}`)
  return translate(language, file ? 'panel.changed' : 'decision.pending')
}

/** Return the status, and while work goes on how far it is. */
export function tellStatusShort(rendition: RenditionDoc, language: string): string {
  const { progress, status } = rendition
  const words = tellStatus(rendition, language)
  const isMoving = ['composing', 'generating', 'uploading'].includes(status)
  return isMoving ? `${words} · ${String(progress)} %` : words
}
