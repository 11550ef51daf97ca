/** Tells the service how a project has words pronounced, whenever somebody says otherwise. */
import type { CollectionAfterChangeHook } from 'payload'

import { type ProjectDoc, serviceIdOf } from '../documents.ts'
import type { CmsEvent, Pronunciation } from '../generated/events.ts'
import { writeProjectEvent } from '../outbox/write.ts'
import type { Settings } from '../settings.ts'

export function emitLexicon(settings: Settings): CollectionAfterChangeHook {
  return async ({ data, doc, previousDoc, req }) => {
    const entries = toEntries(data as Partial<ProjectDoc>)
    const before = toEntries((previousDoc ?? {}) as Partial<ProjectDoc>)
    if (JSON.stringify(entries) === JSON.stringify(before)) return
    const { id } = doc as ProjectDoc
    const { name, serviceId } = data as ProjectDoc
    const project = { id: serviceIdOf({ id, serviceId: serviceId ?? null }), name }
    const event: CmsEvent = {
      type: 'project.lexicon_changed',
      timestamp: new Date().toISOString(),
      data: { project, entries },
    }
    await writeProjectEvent(settings, req, project.id, event)
  }
}

function toEntries({ lexicon }: Partial<ProjectDoc>): Required<Pronunciation>[] {
  return (lexicon ?? []).map(({ language, spoken, word }) => ({
    word,
    spoken,
    language: language || null,
  }))
}
