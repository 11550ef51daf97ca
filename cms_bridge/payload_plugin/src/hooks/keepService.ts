/** Lets people save of a rendition what is theirs, and nothing that the service writes. */
import type { CollectionBeforeChangeHook } from 'payload'

import { type RenditionDoc, serviceFields } from '../documents.ts'

/**
 * Leave out of a save all that the service writes, so that it stays as it is at that moment.
 *
 * Payload saves whole documents as it read them, and a job may have moved on since: a save would
 * put it back, with or without transactions. An alternative text that says what was drafted, or
 * nothing, is none: the next film is described by its own draft.
 */
export const keepService: CollectionBeforeChangeHook = ({ data, operation, originalDoc }) => {
  if (operation !== 'update') return data
  const { file } = originalDoc as RenditionDoc
  const names = new Set<string>(serviceFields)
  const own = Object.entries(data).filter(([name]) => !names.has(name))
  const { alt, ...others } = Object.fromEntries(own) as Partial<RenditionDoc>
  const said = alt?.trim()
  return { ...others, alt: said && said !== file?.alt ? said : null }
}
