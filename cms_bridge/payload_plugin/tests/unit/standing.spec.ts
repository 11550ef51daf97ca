import { describe, expect, test } from 'vitest'

import type { RenditionDoc, VideoDoc } from '../../src/documents.ts'
import type { Standing } from '../../src/endpoints/contract.ts'
import type { Status } from '../../src/generated/events.ts'
import type { ToldEvent } from '../../src/outbox/told.ts'
import { standingOf } from '../../src/standing.ts'

const video = (changes: Partial<VideoDoc> = {}): VideoDoc => ({
  id: 1,
  title: 'Opening hours',
  project: 1,
  stage: 'submitted',
  submission: 1,
  updatedAt: '',
  ...changes,
})

const rendition = (status: Status, submission = 1): RenditionDoc => ({
  id: submission,
  jobId: `job-${String(submission)}`,
  video: 1,
  submission,
  sequence: 1,
  status,
  progress: 42,
  updatedAt: '',
})

const tell = (of: VideoDoc, ...renditions: RenditionDoc[]): Standing =>
  standingOf(of, renditions, [], { language: 'en', ownLocale: 'en' })

/** Of a video's own film or of another, newest first. */
const told = (
  state: ToldEvent['state'],
  {
    film = '',
    step = '1',
    type = 'video.submitted',
  }: { film?: string; step?: string; type?: ToldEvent['type'] } = {},
): ToldEvent => {
  const stream = `video:1${film && `.${film}`}`
  return { createdAt: '', state, step: `1/${type}/${step}`, stream, type }
}

const tellOf = (of: VideoDoc, ...events: ToldEvent[]): Standing =>
  standingOf(of, [], events, { language: 'en', ownLocale: 'en' })

describe('a video with one film', () => {
  test.each<[Status, string, string, boolean]>([
    ['pending', 'Waiting its turn', 'light', true],
    ['generating', 'Making pictures and voice · 42 %', 'light', true],
    ['storyboard_complete', 'Waiting for approval', 'warning', false],
    ['completed', 'Finished', 'success', false],
    ['failed', 'Failed', 'error', false],
  ])('that is %s', (status, words, style, isMoving) => {
    expect(tell(video(), rendition(status))).toEqual({ words, title: '', style, isMoving })
  })

  test('of which the service has told nothing yet moves once it is submitted', () => {
    expect(tell(video())).toMatchObject({ words: 'Submitted', isMoving: true })
    const draft = tell(video({ stage: 'draft', submission: 0 }))
    expect(draft).toEqual({ words: 'Draft', title: '', style: 'light-gray', isMoving: false })
  })

  test('of which the service would hear nothing is refused, and moves no more', () => {
    const refused = { words: 'Refused', title: '', style: 'error', isMoving: false }
    expect(tellOf(video(), told('refused'))).toEqual(refused)
    const retried = { step: '1.1', type: 'video.retried' } as const
    expect(tellOf(video(), told('refused', retried), told('refused'))).toEqual(refused)
  })

  test.each<[string, ToldEvent[]]>([
    ['waits', [told('queued')]],
    ['is sent again', [told('queued', { step: '1.1', type: 'video.retried' }), told('refused')]],
    ['was delivered', [told('delivered')]],
    ['is another', [told('refused', { step: '2' })]],
    ['is of another film', [told('refused', { film: 'de' })]],
    ['is of an older storyboard', [told('refused', { step: 'job.2', type: 'storyboard.edited' })]],
  ])('is on its way where an event %s', (_, events) => {
    expect(tellOf(video(), ...events)).toMatchObject({ words: 'Submitted', isMoving: true })
  })

  test('is told by its present submission', () => {
    const again = video({ submission: 2 })
    expect(tell(again, rendition('generating', 2), rendition('failed', 1)).words).toContain('42 %')
    expect(tell(again, rendition('failed', 1)).words).toBe('Submitted')
  })
})

test('a film in another language that was refused colours the whole', () => {
  const both = video({ films: { de: { stage: 'submitted', submission: 2 } } })
  const events = [told('refused', { film: 'de', step: '2' })]
  const standing = standingOf(both, [rendition('completed')], events, {
    ...{ language: 'en', ownLocale: 'en' },
  })
  const words = 'English: Finished, German: Refused'
  expect(standing).toEqual({ words, title: words, style: 'error', isMoving: false })
})

test('a video with films in two languages tells both, and moves while one does', () => {
  const both = video({ films: { de: { stage: 'submitted', submission: 2 } } })
  const [own, other] = [rendition('completed'), rendition('generating', 2)]
  const words = 'English: Finished, German: Making pictures and voice'
  expect(tell(both, own, other)).toEqual({ words, title: words, style: 'light', isMoving: true })
  expect(tell(both, own, { ...other, status: 'failed' })).toMatchObject({
    style: 'error',
    isMoving: false,
  })
})
