/** What the service does: it writes back, late and more than once too, and takes what it is told or not. */
import fc from 'fast-check'
import type { Status } from 'payload-plugin-reelwright'
import { expect } from 'vitest'

import { renditionWrite, storyboardWrite } from '../samples.ts'
import {
  act,
  type Act,
  filmed,
  jobsOf,
  map,
  number,
  pick,
  serviceDoc,
  some,
  taken,
  word,
} from './desk.ts'

const file = { duration: 5, width: 1920, height: 1080, bytes: 1000 }
const statuses: Status[] = ['storyboard_complete', 'generating', 'completed', 'failed', 'cancelled']

export function serviceActs(): fc.Arbitrary<Act>[] {
  const writeStoryboard = map(fc.tuple(number, word), (n, title) =>
    act(
      `the service writes storyboard ${String(n)} ${title}`,
      some(jobsOf),
      async (intent, desk) => {
        const [video, job] = pick(jobsOf(intent), n)
        const narration = 'We open at nine.'
        const answer = await desk.cms.putStoryboard(
          storyboardWrite(serviceDoc(desk, video, job), {
            ...{ jobId: job.id, submission: job.submission },
            storyboard: {
              title,
              scenes: [
                { id: 's1', narration },
                { id: 's2', narration: 'Two.' },
              ],
            },
          }),
        )
        expect(answer.body).toMatchObject({ stored: job.storyboard === null })
        job.storyboard ??= {
          ...{ content: { title, narration }, cost: null, decision: 'pending' },
          id: Number(answer.body.id),
        }
      },
    ),
  )

  const writeRendition = map(
    fc.tuple(
      number,
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(...statuses),
      fc.boolean(),
      fc.nat(9),
    ),
    (n, sequence, status, hasFile, lag) =>
      act(
        `the service writes rendition ${String(n)} #${String(sequence)} ${status}${hasFile ? ' with a film' : ''}, ${String(lag)} behind`,
        some(jobsOf),
        async (intent, desk) => {
          const [video, job] = pick(jobsOf(intent), n)
          const revision = Math.max(0, job.revision - lag)
          const write = renditionWrite(serviceDoc(desk, video, job), {
            ...{ jobId: job.id, submission: job.submission, sequence, status },
            ...{ storyboardRevision: revision, ...(hasFile && { file }) },
          })
          const answer = await desk.cms.putRendition(write)
          const isNew = !job.rendition || job.rendition.sequence < sequence
          expect(answer.body).toMatchObject({ stored: isNew })
          if (!isNew) return
          intent.clock += 1
          const id = Number(answer.body.id)
          job.rendition = { id, sequence, status, hasFile, revision, at: intent.clock }
        },
      ),
  )

  const late = map(fc.tuple(number), (n) =>
    act(
      `the service writes of ${String(n)}, which is gone`,
      (intent) => intent.videos.some(({ isGone, jobs }) => isGone && jobs.length > 0),
      async (intent, desk) => {
        const video = pick(
          intent.videos.filter(({ isGone, jobs }) => isGone && jobs.length > 0),
          n,
        )
        const job = pick(video.jobs, n)
        const doc = serviceDoc(desk, video, job)
        const named = { jobId: job.id, submission: job.submission }
        expect((await desk.cms.putStoryboard(storyboardWrite(doc, named))).status).toBe(410)
        expect((await desk.cms.putRendition(renditionWrite(doc, named))).status).toBe(410)
      },
    ),
  )

  const removeRendition = map(fc.tuple(number), (n) =>
    act(`delete rendition ${String(n)}`, some(filmed), async (intent, desk) => {
      const [, job] = pick(filmed(intent), n)
      taken(await desk.cms.ask('DELETE', `/renditions/${String(job.rendition?.id)}`))
      job.rendition = null
    }),
  )

  const deliver = map(fc.tuple(fc.constantFrom('takes', 'stumbles over', 'refuses')), (how) =>
    act(
      `the bridge ${how} what waits`,
      () => true,
      async (intent, desk) => {
        const stumbled = new Set<string>()
        desk.bridge.answer = (event) => {
          const key = JSON.stringify(event)
          const isFirst = !stumbled.has(key)
          stumbled.add(key)
          if (how === 'refuses')
            return { status: 409, body: { code: 'illegal_move', detail: 'No.' } }
          return { status: how === 'stumbles over' && isFirst ? 503 : 202 }
        }
        await desk.deliver()
        intent.answered(how === 'refuses' ? 'refused' : 'delivered')
      },
    ),
  )

  const written = [writeStoryboard, writeRendition]
  return [...written, ...written, late, removeRendition, deliver]
}
