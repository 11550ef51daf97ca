import { describe, expect, test } from 'vitest'

import {
  actionsOf,
  approvedScenesOf,
  awaitsApproval,
  isEditedByHand,
  refusalOf,
  shortfallOf,
  standingOf,
  viewOf,
} from '../../src/admin/shared/submission.ts'
import type { VideoStatus } from '../../src/endpoints/contract.ts'
import { type RenditionDoc, statuses } from '../../src/documents.ts'
import type { Status } from '../../src/generated/events.ts'

function rendition(status: Status, changes: Partial<RenditionDoc> = {}): RenditionDoc {
  return {
    id: 1,
    jobId: 'job',
    video: 1,
    submission: 1,
    sequence: 1,
    status,
    progress: 42,
    updatedAt: '',
    ...changes,
  }
}

function status(changes: Partial<VideoStatus> = {}): VideoStatus {
  return {
    stage: 'submitted',
    submission: 1,
    isStale: false,
    rendition: null,
    storyboard: null,
    before: null,
    delivery: null,
    retrying: false,
    hold: null,
    mayApprove: true,
    mayResolve: true,
    approvers: [],
    ...changes,
  }
}

const problem = { code: '', message: 'No.' }

const stopped = rendition('failed', {
  error: {
    code: 'approved_cost_reached',
    message: 'This needs more.',
    params: { approved: '0.096000', spent: '0.080000', needed: '0.096000', more: '0.080000' },
  },
})

const anyPrice = {
  estimatedCost: '0.400000',
  usualCost: '0.110000',
  difference: '0.140000',
  usualDifference: '0.050000',
  toApprove: '0.400000',
  needs: '0.000000',
  lostAtMost: '0.000000',
  changes: [],
  scenes: [],
  warnings: [],
}

const storyboard = {
  id: 1,
  decision: 'pending',
  approvedBy: '',
  approvedAt: null,
  estimatedCost: '0',
  scenes: 2,
  approvedScenes: 0,
  byScene: false,
  revision: 1,
  isBehind: false,
  known: 'yes',
} as const

describe('a project that approves scene by scene', () => {
  const waiting = {
    rendition: rendition('storyboard_complete'),
    storyboard: { ...storyboard, byScene: true, approvedScenes: 1 },
  }
  const scene = (state: 'approved' | 'dearer') => ({
    ...{ due: '0', usualDue: '0', clipDue: '0', usualClipDue: '0', sceneId: state, digest: 'abc' },
    approval: { state, by: 'ann', at: null },
  })

  test('has the whole approved once each is', () => {
    expect(actionsOf(status(waiting))).toMatchObject({ approve: false, approveScenes: true })
    const all = { ...waiting, storyboard: { ...waiting.storyboard, approvedScenes: 2 } }
    expect(actionsOf(status(all))).toMatchObject({ approve: true, approveScenes: false })
    // What costs more by now than was approved is not.
    const price = { ...anyPrice, scenes: [scene('approved'), scene('dearer')] }
    expect(actionsOf(status(all), price)).toMatchObject({ approve: false, approveScenes: true })
    expect(approvedScenesOf(status(all), price)).toEqual({ done: 1, total: 2 })
  })

  test('has no changes of a film saved and made at once', () => {
    const file = { number: 1 }
    const filmed = rendition('completed', { file })
    const board = { ...storyboard, decision: 'approved' as const }
    const shown = (byScene: boolean) =>
      actionsOf(status({ rendition: filmed, storyboard: { ...board, byScene } })).revise
    expect([shown(false), shown(true)]).toEqual([true, false])
  })

  test('leaves who may not approve without either', () => {
    const others = status({ ...waiting, mayApprove: false })
    expect(actionsOf(others)).toMatchObject({ approve: false, approveScenes: false })
    expect(awaitsApproval(others)).toBe(true)
  })

  test('and any other lets both be done', () => {
    const either = { ...waiting, storyboard: { ...storyboard, approvedScenes: 1 } }
    expect(actionsOf(status(either))).toMatchObject({ approve: true, approveScenes: true })
  })
})

describe('what is shown', () => {
  test('of a draft: what to do', () => {
    const view = viewOf(status({ stage: 'draft', submission: 0 }))
    expect(view).toMatchObject({ headline: 'panel.draft', step: 0, pollAfterMs: 0 })
  })

  test('of a submission that nobody has taken up: that it is on its way', () => {
    expect(viewOf(status())).toMatchObject({
      headline: 'panel.submitted',
      tone: 'working',
      step: 1,
    })
  })

  test.for(['generating', 'composing', 'uploading'] as const)('while %s: how far it is', (now) => {
    expect(viewOf(status({ rendition: rendition(now) }))).toMatchObject({
      headline: `status.${now}`,
      progress: 42,
      step: 3,
      tone: 'working',
    })
  })

  test('of a finished storyboard: that it is the editor’s turn, until it is approved', () => {
    const waiting = status({ rendition: rendition('storyboard_complete'), storyboard })
    expect(viewOf(waiting)).toMatchObject({ tone: 'yours', step: 2 })
    const approved = { ...storyboard, decision: 'approved' as const }
    expect(viewOf({ ...waiting, storyboard: approved })).toMatchObject({
      headline: 'panel.approving',
      step: 3,
    })
  })

  test('of work that stopped at what was approved: that it is the editor’s turn', () => {
    const view = viewOf(status({ rendition: stopped, storyboard }))
    expect(view).toMatchObject({ headline: 'panel.needsMore', tone: 'yours', step: 3 })
    const price = { ...anyPrice, toApprove: '0.250000', needs: '0.100000' }
    expect(shortfallOf(status({ rendition: stopped }), price)).toEqual({
      amount: 0.1,
      toApprove: '0.250000',
    })
    // The service is away: as it was said when the work stopped.
    expect(shortfallOf(status({ rendition: stopped }), null)).toEqual({
      amount: 0.08,
      toApprove: '0.176000',
    })
  })

  test('of work that stopped there, to one who may not approve: who goes on, not that it is theirs', () => {
    const view = viewOf(status({ rendition: stopped, storyboard, mayApprove: false }))
    expect(view).toMatchObject({ tone: 'calm', help: 'panel.needsMore.others' })
  })

  test('of a storyboard that is not there: that, and how to get another', () => {
    const lost = status({ rendition: rendition('storyboard_complete'), storyboard: null })
    expect(viewOf(lost)).toMatchObject({ tone: 'calm', headline: 'panel.noStoryboard' })
    expect(actionsOf(lost)).toMatchObject({ approve: false, cancel: true, resubmit: true })
  })

  test('of a cancellation that came after the end: nothing', () => {
    const delivery = {
      type: 'video.cancelled',
      state: 'refused',
      attempts: 1,
      problem: { ...problem, code: 'illegal_move' },
    } as const
    const ended = status({ delivery, rendition: rendition('completed'), stage: 'cancelled' })
    expect(refusalOf(ended)).toBeNull()
    expect(viewOf(ended)).toMatchObject({ headline: 'status.completed', tone: 'finished' })
    const unknown = { ...delivery, problem: { ...problem, code: 'job_not_found' } }
    expect(refusalOf({ ...ended, delivery: unknown })).not.toBeNull()
  })

  test('of a finished video: all steps done, and a look now and then for what others do', () => {
    const view = viewOf(status({ rendition: rendition('completed') }))
    expect(view).toMatchObject({ tone: 'finished', step: 5, pollAfterMs: 15_000 })
  })

  test('of an event that was tried in vain: that it waits', () => {
    const delivery = { type: 'video.submitted', state: 'queued', attempts: 2, problem } as const
    expect(viewOf(status({ delivery }))).toMatchObject({ headline: 'panel.waiting' })
    expect(viewOf(status({ delivery: { ...delivery, attempts: 1 } }))).toMatchObject({
      headline: 'panel.submitted',
    })
  })

  test('of a refused event: that, before anything else', () => {
    const delivery = {
      type: 'video.submitted',
      state: 'refused',
      attempts: 1,
      problem,
    } as const
    const view = viewOf(status({ delivery, rendition: rendition('completed') }))
    expect(view).toMatchObject({ headline: 'panel.refused', tone: 'failed' })
  })

  test('is looked at again while anything may move by itself', () => {
    for (const now of statuses) {
      const { pollAfterMs } = viewOf(status({ rendition: rendition(now), storyboard }))
      expect(pollAfterMs > 0 && pollAfterMs < 15_000, now).toBe(now !== 'completed')
    }
  })

  test('of a storyboard that somebody else approves: not that it is one’s own turn', () => {
    const waiting = { rendition: rendition('storyboard_complete'), storyboard, mayApprove: false }
    expect(viewOf(status(waiting))).toMatchObject({
      tone: 'calm',
      headline: 'decision.pending',
      help: 'panel.approve.others',
    })
  })
})

describe('a finished film', () => {
  const file = { number: 1, storyboardDigest: 'old', duration: 3, width: 16, height: 9, bytes: 1 }
  const filmed = (now: Status, changes: Partial<VideoStatus> = {}, digest = 'new'): VideoStatus =>
    status({
      rendition: rendition(now, { file, storyboardDigest: digest }),
      storyboard,
      ...changes,
    })
  const delivery = (type: 'storyboard.approved' | 'storyboard.edited', code: string) =>
    ({ type, state: 'refused', attempts: 1, problem: { code, message: 'No.' } }) as const
  const untold = { storyboard: { ...storyboard, known: 'soon' } } as const
  const unheard = { storyboard: { ...storyboard, known: 'no' } } as const
  const refused = delivery('storyboard.edited', 'illegal_move')

  test.for([
    [
      'of exactly this',
      filmed('completed', {}, 'old'),
      'filmed',
      'status.completed',
      ['resubmit', 'revise'],
    ],
    [
      'whose edits were taken back',
      filmed('storyboard_complete', {}, 'old'),
      'filmed',
      'status.completed',
      ['revise'],
    ],
    [
      'just edited',
      filmed('completed', untold, 'old'),
      'telling',
      'panel.changesTold',
      ['resubmit'],
    ],
    [
      'whose changes were just approved',
      filmed('storyboard_complete', {
        storyboard: { ...untold.storyboard, decision: 'approved' },
      }),
      'telling',
      'panel.approving',
      ['cancel'],
    ],
    [
      'that was edited',
      filmed('storyboard_complete'),
      'changed',
      'panel.changed',
      ['approve', 'approveScenes', 'cancel', 'revise'],
    ],
    [
      'that was edited while it was made',
      filmed('completed', { ...unheard, delivery: refused }, 'old'),
      'changed',
      'panel.changed',
      ['approve', 'approveScenes', 'resubmit', 'revise'],
    ],
    [
      'that was edited while changes were made that were cancelled',
      filmed('cancelled', { ...unheard, stage: 'cancelled' }),
      'changed',
      'panel.changed',
      ['approve', 'approveScenes', 'resubmit', 'revise'],
    ],
    [
      'that is edited by one who may not approve',
      filmed('storyboard_complete', { mayApprove: false }),
      'changed',
      'panel.changed',
      ['cancel'],
    ],
    ['being made anew', filmed('composing'), 'making', 'status.composing', ['cancel']],
    [
      'whose changes failed',
      filmed('failed'),
      'stopped',
      'panel.changesFailed',
      ['resubmit', 'retry', 'revise'],
    ],
    [
      'whose changes are being cancelled',
      filmed('storyboard_complete', { stage: 'cancelled' }),
      'changed',
      'panel.cancelling',
      [],
    ],
    [
      'whose changes were cancelled',
      filmed('cancelled', { stage: 'cancelled' }),
      'stopped',
      'panel.changesCancelled',
      ['resubmit', 'retry', 'revise'],
    ],
  ] as [string, VideoStatus, string, string, string[]][])(
    '%s: what is said, and what can be done',
    ([, one, standing, headline, buttons]) => {
      expect(standingOf(one)).toBe(standing)
      expect(viewOf(one).headline).toBe(headline)
      const sensible = Object.entries(actionsOf(one)).filter(([, is]) => is)
      expect(sensible.map(([name]) => name).toSorted()).toEqual(buttons.toSorted())
    },
  )

  test('keeps an edit that came while it was made: nothing is shown as refused', () => {
    const making = filmed('generating', { ...unheard, delivery: refused })
    expect(refusalOf(making)).toBeNull()
    expect(viewOf(making)).toMatchObject({
      headline: 'status.generating',
      help: 'panel.changesWait',
    })
  })

  test('shows a refusal that is one', () => {
    const dearer = filmed('storyboard_complete', {
      ...unheard,
      delivery: delivery('storyboard.approved', 'price_changed'),
    })
    expect(viewOf(dearer).headline).toBe('panel.refused')
    expect(actionsOf(dearer).approve).toBe(true)
  })
})

describe('a first film whose storyboard was edited while it was made', () => {
  const refused = {
    type: 'storyboard.edited',
    state: 'refused',
    attempts: 1,
    problem: { code: 'illegal_move', message: 'No.' },
  } as const
  const edited = (now: Status, changes: Partial<VideoStatus> = {}): VideoStatus =>
    status({
      rendition: rendition(now),
      storyboard: { ...storyboard, known: 'no' },
      delivery: refused,
      ...changes,
    })
  const buttonsOf = (one: VideoStatus): string[] =>
    Object.entries(actionsOf(one)).flatMap(([name, is]) => (is ? [name] : []))

  test('is told so whatever else the service was told since', () => {
    for (const delivery of [refused, null]) {
      const view = viewOf(edited('generating', { delivery }))
      expect(view).toMatchObject({ headline: 'status.generating', help: 'panel.changesWait' })
    }
    expect(buttonsOf(edited('generating'))).toEqual(['cancel'])
  })

  test.for([
    ['cancelled', edited('cancelled', { stage: 'cancelled', delivery: null })],
    ['failed', edited('failed')],
    ['failed', edited('failed', { rendition: stopped })],
  ] as [Status, VideoStatus][])(
    'is approved with the edit once it is %s, and not tried again without',
    ([now, one]) => {
      expect(awaitsApproval(one)).toBe(true)
      expect(buttonsOf(one)).toEqual(['resubmit', 'approve', 'approveScenes'])
      expect(viewOf(one)).toMatchObject({
        tone: 'yours',
        headline: `status.${now}`,
        help: 'panel.editedSince',
      })
      const others = { ...one, mayApprove: false }
      expect(buttonsOf(others)).toEqual(['resubmit'])
      expect(viewOf(others)).toMatchObject({ tone: 'calm', help: 'panel.editedSince.others' })
    },
  )

  test('says that the approval is told, and offers nothing that would undo it', () => {
    const told = { ...storyboard, decision: 'approved', known: 'soon' } as const
    const one = edited('cancelled', { storyboard: told, delivery: null })
    expect(viewOf(one)).toMatchObject({ headline: 'panel.approving', tone: 'working' })
    expect(buttonsOf(one)).toEqual(['resubmit'])
  })

  test('is approved once more where the approval was refused', () => {
    const delivery = {
      ...refused,
      type: 'storyboard.approved',
      problem: { code: 'price_changed', message: 'No.' },
    } as const
    const one = edited('cancelled', { delivery })
    expect(viewOf(one)).toMatchObject({ headline: 'panel.refused' })
    expect(buttonsOf(one)).toEqual(['resubmit', 'approve', 'approveScenes'])
  })
})

test('a storyboard was changed by hand where there is more than its approval', () => {
  const isEdited = (decision: 'approved' | 'pending', revision: number): boolean =>
    isEditedByHand(status({ storyboard: { ...storyboard, decision, revision } }))
  expect([isEdited('pending', 0), isEdited('approved', 1)]).toEqual([false, false])
  expect([isEdited('pending', 1), isEdited('approved', 2)]).toEqual([true, true])
  expect(isEditedByHand(status())).toBe(false)
})

describe('the buttons', () => {
  const shown = (changes: Partial<VideoStatus>): string[] =>
    Object.entries(actionsOf(status(changes)))
      .filter(([, sensible]) => Boolean(sensible))
      .map(([name]) => name)

  test.for([
    ['a draft', { stage: 'draft', submission: 0 }, ['submit']],
    ['work in progress', { rendition: rendition('generating') }, ['cancel']],
    [
      'a storyboard to approve',
      { rendition: rendition('storyboard_complete'), storyboard },
      ['approve', 'approveScenes', 'cancel'],
    ],
    [
      'a storyboard that somebody else approves',
      { rendition: rendition('storyboard_complete'), storyboard, mayApprove: false },
      ['cancel'],
    ],
    ['a failure', { rendition: rendition('failed') }, ['resubmit', 'retry']],
    [
      'work that stopped at what was approved',
      { rendition: stopped },
      ['approveMore', 'resubmit', 'retry'],
    ],
    [
      'more that somebody else approves',
      { rendition: stopped, mayApprove: false },
      ['resubmit', 'retry'],
    ],
    [
      'more that is approved already',
      {
        rendition: stopped,
        delivery: { type: 'storyboard.approved', state: 'queued', attempts: 1, problem },
      },
      ['resubmit', 'retry'],
    ],
    [
      'a cancelled job',
      { stage: 'cancelled', rendition: rendition('cancelled') },
      ['resubmit', 'retry'],
    ],
    [
      'a failure that is tried again',
      { rendition: rendition('failed'), retrying: true },
      ['cancel'],
    ],
    [
      'a submission that was refused',
      { delivery: { type: 'video.submitted', state: 'refused', attempts: 1, problem } },
      ['resubmit'],
    ],
    [
      'an approval that was refused',
      {
        delivery: { type: 'storyboard.approved', state: 'refused', attempts: 1, problem },
        rendition: rendition('storyboard_complete'),
        storyboard: { ...storyboard, decision: 'approved' },
      },
      ['approve', 'cancel', 'resubmit'],
    ],
    ['a finished video', { rendition: rendition('completed') }, ['resubmit']],
  ] as [string, Partial<VideoStatus>, string[]][])('for %s', ([, changes, names]) => {
    expect(shown(changes).toSorted()).toEqual(names.toSorted())
  })
})
