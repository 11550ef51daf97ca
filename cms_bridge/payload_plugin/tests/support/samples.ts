/** Write-backs as the service sends them. */
import type { RenditionWrite, StoryboardWrite } from 'payload-plugin-reelwright'

import type { Doc } from './cms.ts'

export function storyboardWrite(
  video: Doc,
  changes: Partial<StoryboardWrite> = {},
): StoryboardWrite {
  return {
    jobId: `job-${String(video.id)}`,
    projectId: String(video.project),
    videoId: String(video.serviceId),
    submission: 1,
    digest: 'abc',
    estimatedCost: '0.00',
    storyboard: {
      title: 'Opening hours',
      scenes: [
        { id: 's1', narration: 'We open at nine.' },
        { id: 's2', narration: 'We close at six.', duration: 4.5, motion: 'pan_left' },
      ],
    },
    ...changes,
  }
}

export function renditionWrite(video: Doc, changes: Partial<RenditionWrite> = {}): RenditionWrite {
  return {
    jobId: `job-${String(video.id)}`,
    projectId: String(video.project),
    videoId: String(video.serviceId),
    submission: 1,
    sequence: 1,
    status: 'storyboarding',
    progress: 5,
    ...changes,
  }
}

/** A picture of one pixel. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
