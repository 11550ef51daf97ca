/** What a live preview hears of the document beside it, and what it makes of that. */
import { describe, expect, test } from 'vitest'

import { isTyped, typedOf } from '../../src/admin/preview/typed.ts'
import { readMessage, scenesMessage } from '../../src/admin/shared/previewMessages.ts'

const editor = { name: 'the window with the form' }
const wanted = { collection: 'videos', id: '7', origin: 'https://cms.example.org', source: editor }
const values = { id: 7, title: 'Bread' }
const form = { type: 'payload-live-preview', collectionSlug: 'videos', data: values }

type Source = MessageEventSource

interface From {
  origin?: string
  source?: unknown
}

const heard = (data: unknown, { origin = wanted.origin, source = editor }: From = {}) =>
  readMessage({ data, origin, source: source as Source }, wanted)

describe('a message', () => {
  test('of the form of this document is heard, whichever way its id is written', () => {
    expect(heard(form)).toEqual({ kind: 'form', values })
    expect(heard({ ...form, data: { ...values, id: '7' } })).toMatchObject({ kind: 'form' })
  })

  test('of another origin or window says nothing', () => {
    expect(heard(form, { origin: 'https://cms.example.org.evil.example' })).toBeNull()
    expect(heard(form, { origin: 'null' })).toBeNull()
    expect(heard(form, { source: { name: 'another window' } })).toBeNull()
    expect(heard(form, { source: null })).toBeNull()
    const typed = scenesMessage(3, [{ id: 'a' }])
    expect(heard(typed, { origin: 'https://evil.example' })).toBeNull()
  })

  test.for([
    ['another document', { ...form, data: { ...values, id: 8 } }],
    ['a document without a name', { ...form, data: { title: 'Bread' } }],
    ['another collection', { ...form, collectionSlug: 'storyboards' }],
    ['no values', { ...form, data: undefined }],
    ['a list of values', { ...form, data: [values] }],
    ['its own word that it listens', { type: 'payload-live-preview', ready: true }],
    ['something else', { type: 'webpackOk' }],
    ['no object', 'payload-live-preview'],
    ['nothing', null],
  ] as const)('of %s says nothing', ([, data]) => {
    expect(heard(data)).toBeNull()
  })

  test('of a save is heard', () => {
    expect(heard({ type: 'payload-document-event' })).toEqual({ kind: 'saved' })
  })

  test('of a board tells its scenes and whose they are', () => {
    const scenes = [{ id: 'a', narration: 'We open at ten.' }]
    expect(heard(scenesMessage(3, scenes))).toEqual({ kind: 'scenes', scenes, storyboard: 3 })
    expect(heard({ ...scenesMessage(3, scenes), scenes: ['a'] })).toBeNull()
    expect(heard({ ...scenesMessage(3, scenes), storyboard: {} })).toBeNull()
  })
})

describe('of the form of a video', () => {
  const saved = {
    ...{ title: 'Bread', brief: null, script: 'We open.', style: '', voice: null, speed: null },
    ...{ aspectRatio: '16:9', musicMood: 'warm', speakers: [{ id: 'x', name: 'Ada', voice: '' }] },
  }

  test('what is as it was saved changes nothing in the film', () => {
    const shown = { ...saved, brief: '', voice: '', speakers: [{ id: 'x', name: 'Ada' }] }
    expect(typedOf(saved, shown)).toEqual({})
    expect(isTyped(saved, shown)).toBe(false)
    expect(typedOf({ ...saved, speakers: [] }, { ...saved, speakers: 0 })).toEqual({})
  })

  test('settings are seen as they are chosen', () => {
    const shown = { ...saved, aspectRatio: '9:16', musicMood: 'none', speed: 1.2 }
    expect(typedOf(saved, shown)).toEqual({ aspectRatio: '9:16', musicMood: 'none', speed: 1.2 })
    const speakers = [{ id: 'x', name: 'Ada', voice: 'Kore' }]
    expect(typedOf(saved, { ...saved, speakers })).toEqual({ speakers })
  })

  test('the label that a film was made with AI is seen where the video decides it', () => {
    const asks = (before: unknown, now: unknown) =>
      typedOf({ ...saved, disclosure: before }, { ...saved, disclosure: now })
    expect(asks('project', 'on')).toEqual({ disclosure: true })
    expect(asks('on', 'off')).toEqual({ disclosure: false })
    expect(asks('on', 'on')).toEqual({})
    // What the project says, nobody has asked yet.
    expect(asks('on', 'project')).toEqual({})
    expect(isTyped({ ...saved, disclosure: 'on' }, { ...saved, disclosure: 'project' })).toBe(true)
    expect(isTyped({ ...saved, disclosure: null }, { ...saved, disclosure: undefined })).toBe(false)
  })

  test('words become scenes only once they are submitted', () => {
    const shown = { ...saved, script: 'We open at ten.' }
    expect(typedOf(saved, shown)).toEqual({})
    expect(isTyped(saved, shown)).toBe(true)
  })

  test('what is emptied is the project’s, which nobody has asked yet', () => {
    const before = { ...saved, voice: 'Kore', speed: 1.2 }
    const shown = { ...before, voice: '', speed: null, speakers: 0 }
    expect(typedOf(before, shown)).toEqual({})
    expect(isTyped(before, shown)).toBe(true)
  })
})
