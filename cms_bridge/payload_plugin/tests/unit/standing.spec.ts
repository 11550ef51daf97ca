import { describe, expect, test } from 'vitest'

import type { RenditionDoc, VideoDoc } from '../../src/documents.ts'
import type { Standing } from '../../src/endpoints/contract.ts'
import type { Status } from '../../src/generated/events.ts'
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
  standingOf(of, renditions, { language: 'en', ownLocale: 'en' })

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

  test('is told by its present submission', () => {
    const again = video({ submission: 2 })
    expect(tell(again, rendition('generating', 2), rendition('failed', 1)).words).toContain('42 %')
    expect(tell(again, rendition('failed', 1)).words).toBe('Submitted')
  })
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
