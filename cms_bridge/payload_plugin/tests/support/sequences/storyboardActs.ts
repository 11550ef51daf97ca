/** What people do to storyboards. */
import fc from 'fast-check'
import { expect } from 'vitest'

import type { Answer, Doc } from '../cms.ts'
import { act, type Act, drafted, map, number, pick, some, taken, versionOf, word } from './desk.ts'
import type { Content, Intent, Job, Video } from './intent.ts'

export function storyboardActs(): fc.Arbitrary<Act>[] {
  const cost = fc.constantFrom('0.00', '0.0021')
  const decide = map(
    fc.tuple(
      number,
      fc.option(word),
      fc.option(word),
      fc.constantFrom('keep', 'pending', 'approved'),
      cost,
    ),
    (n, title, narration, decision, approvedCost) =>
      act(
        `storyboard ${String(n)}: ${title ?? ''} ${narration ?? ''} ${decision} ${approvedCost}`,
        some(drafted),
        async (intent, desk) => {
          const [video, job] = pick(drafted(intent), n)
          const before = await desk.cms.read('storyboards', job.storyboard?.id)
          const [first, ...others] = before.scenes as Record<string, unknown>[]
          const approve = decision === 'approved'
          const path = `/storyboards/${String(before.id)}?depth=0`
          const answer = await desk.cms.ask('PATCH', path, {
            ...(title && { title }),
            ...(narration && { scenes: [{ ...first, narration }, ...others] }),
            ...(decision !== 'keep' && { decision }),
            ...(approve && { approvedCost }),
          })
          const was = contentOf(job)
          const content = { title: title ?? was.title, narration: narration ?? was.narration }
          decided(intent, { answer, job, video }, { approve, content, cost: approvedCost })
        },
      ),
  )

  const approveTogether = map(fc.tuple(number, cost), (n, approvedCost) =>
    act(`three approve ${String(n)} ${approvedCost}`, some(drafted), async (intent, desk) => {
      const [video, job] = pick(drafted(intent), n)
      const path = `/storyboards/${String(job.storyboard?.id)}?depth=0`
      const save = () => desk.cms.ask('PATCH', path, { decision: 'approved', approvedCost })
      const [answer] = await Promise.all([save(), save(), save()])
      decided(intent, { answer, job, video }, { approve: true, cost: approvedCost })
    }),
  )

  const decideAll = map(fc.tuple(fc.option(word), fc.boolean()), (title, approve) =>
    act(
      `all storyboards: ${title ?? ''} ${approve ? 'approved' : ''}`,
      some(drafted),
      async (intent, desk) => {
        // Payload saves them at the same time: what is told of one film has no order among them.
        const all = drafted(intent).filter(
          ([video, { film }], index, every) =>
            every.findLastIndex(([of, job]) => of === video && job.film === film) === index,
        )
        const ids = all.map(([, { storyboard }]) => String(storyboard?.id)).join(',')
        await desk.cms.ask('PATCH', `/storyboards?where[id][in]=${ids}&depth=0`, {
          ...(title && { title }),
          ...(approve && { decision: 'approved', approvedCost: '0.00' }),
        })
        for (const [video, job] of all) {
          if (video.inTrash || !job.storyboard) continue
          const { narration } = job.storyboard.content
          const content = title ? { content: { title, narration } } : {}
          intent.decide(video, job, { approve, cost: '0.00', ...content })
        }
      },
    ),
  )

  const restoreStoryboard = map(fc.tuple(number, number), (n, k) =>
    act(
      `restore version ${String(k)} of storyboard ${String(n)}`,
      some(drafted),
      async (intent, desk) => {
        const [video, job] = pick(drafted(intent), n)
        const id = job.storyboard?.id ?? 0
        const version = await versionOf(desk.cms, 'storyboards', id, k)
        const { body } = await desk.cms.ask<{ version: Doc }>(
          'GET',
          `/storyboards/versions/${String(version)}?depth=0`,
        )
        const { scenes, title } = body.version as unknown as Content & { scenes: Content[] }
        const content = { title, narration: scenes[0]?.narration ?? '' }
        const answer = await desk.cms.ask(
          'POST',
          `/storyboards/versions/${String(version)}?depth=0`,
        )
        decided(intent, { answer, job, video }, { content })
      },
    ),
  )

  const removeStoryboard = map(fc.tuple(number), (n) =>
    act(`delete storyboard ${String(n)}`, some(drafted), async (intent, desk) => {
      const [, job] = pick(drafted(intent), n)
      taken(await desk.cms.ask('DELETE', `/storyboards/${String(job.storyboard?.id)}`))
      job.storyboard = null
    }),
  )

  return [decide, decide, approveTogether, decideAll, restoreStoryboard, removeStoryboard]
}

function contentOf({ storyboard }: Job): Content {
  if (!storyboard) throw new Error('There is no storyboard.')
  return storyboard.content
}

/** Compare what became of a decision with what is meant; in the trash it is refused. */
function decided(
  intent: Intent,
  { answer, job, video }: { answer: Answer; job: Job; video: Video },
  change: Parameters<Intent['decide']>[2],
): void {
  if (video.inTrash && answer.status !== 200) {
    expect(answer.status).toBe(409)
    return
  }
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 })
  const isTold = intent.decide(video, job, change)
  if (video.inTrash) expect(isTold).toBe(false)
}
