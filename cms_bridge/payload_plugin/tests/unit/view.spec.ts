import { describe, expect, test } from 'vitest'

import {
  actionsOf,
  duePriceOf,
  lengthOf,
  momentOf,
  moreOf,
  priceOf,
  sentenceOf,
  sortWarnings,
  viewOf,
  wholePriceOf,
} from '../../src/admin/shared/view.ts'
import type { VideoStatus } from '../../src/endpoints/status.ts'
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
    rendition: null,
    storyboard: null,
    delivery: null,
    retrying: false,
    mayApprove: true,
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
}

const storyboard = {
  id: 1,
  decision: 'pending',
  approvedBy: '',
  estimatedCost: '0',
  scenes: 2,
} as const

describe('what is shown', () => {
  test('of a draft: what to do', () => {
    const view = viewOf(status({ stage: 'draft', submission: 0 }))
    expect(view).toMatchObject({ headline: 'panel.draft', step: 0, lookAgainMs: 0 })
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
    expect(moreOf(status({ rendition: stopped }), price)).toEqual({ more: 0.1, named: '0.250000' })
    // The service is away: as it was said when the work stopped.
    expect(moreOf(status({ rendition: stopped }), null)).toEqual({ more: 0.08, named: '0.176000' })
  })

  test('of a finished video: all steps done, and no further looking', () => {
    const view = viewOf(status({ rendition: rendition('completed') }))
    expect(view).toMatchObject({ tone: 'finished', step: 5, lookAgainMs: 0 })
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
      const { lookAgainMs } = viewOf(status({ rendition: rendition(now), storyboard }))
      expect(lookAgainMs > 0, now).toBe(now !== 'completed')
    }
  })
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
      ['approve', 'cancel'],
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

describe('plain words', () => {
  test('for a known code, in the editor’s language', () => {
    const problem = { code: 'storage_full', message: 'ENOSPC', params: {} }
    expect(sentenceOf(problem, 'de')).toBe('Der Videospeicher ist voll.')
    const limit = {
      code: 'limit_exceeded',
      message: 'The script may be at most 40000 characters; this is 40001.',
      params: { what: 'the script', limit: 40_000, value: 40_001, unit: 'characters' },
    }
    expect(sentenceOf(limit, 'de')).toBe(
      'Eine Grenze ist überschritten: höchstens 40.000 Zeichen; dies sind 40.001.',
    )
  })

  test('in English: the service’s own, which says more', () => {
    const problem = { code: 'storage_full', message: 'The disk is full.', params: {} }
    for (const language of ['en', 'en-GB', 'pl']) {
      expect(sentenceOf(problem, language)).toBe('The disk is full.')
    }
  })

  test('for an unknown code, or one whose values are missing: the service’s own', () => {
    expect(sentenceOf({ code: 'new_thing', message: 'As it was said.' }, 'de')).toBe(
      'As it was said.',
    )
    const limit = { code: 'limit_exceeded', message: 'At most 3 scenes.', params: { limit: 3 } }
    expect(sentenceOf(limit, 'fr')).toBe('At most 3 scenes.')
  })

  test('for prices: free, cents and dollars', () => {
    expect(priceOf('0.00', 'en')).toBe('free (offline)')
    expect(priceOf(undefined, 'de')).toBe('kostenlos (offline)')
    expect(priceOf('0.0125', 'en')).toBe('$0.0125')
    expect(priceOf('12.5', 'en')).toBe('$12.50')
  })

  const price = anyPrice

  test('for the price of a storyboard: usually, and at most', () => {
    expect(wholePriceOf(price, 'en')).toBe('usually $0.11, at most $0.40')
    expect(wholePriceOf({ ...price, usualCost: '0.4' }, 'en')).toBe('$0.40')
    expect(wholePriceOf({ ...price, estimatedCost: '0' }, 'en')).toBe('free (offline)')
    expect(wholePriceOf(price, 'de')).toBe('meist 0,11\u00a0$, höchstens 0,40\u00a0$')
  })

  test('for what is to be paid now', () => {
    expect(duePriceOf(price, 'en')).toBe('usually $0.05, at most $0.14')
    const paid = { ...price, difference: '0.000000', usualDifference: '0' }
    expect(duePriceOf(paid, 'en')).toBe('nothing: all of it is there already')
    expect(duePriceOf({ ...paid, estimatedCost: '0' }, 'en')).toBeNull()
  })

  test('for warnings: those that ask something stand apart', () => {
    const lost = { code: 'charge_unknown', message: 'Lost.' }
    expect(sortWarnings([problem, lost])).toEqual({ charges: [lost], others: [problem] })
  })

  test('for a time, as it stands in an account', () => {
    expect(momentOf('2026-11-21T10:12:30+00:00', 'en')).toMatch(/^Nov 21, 2026, \d+:12:30/)
  })

  test('for lengths', () => {
    expect([0.4, 65, 3_599.6].map(lengthOf)).toEqual(['0:00', '1:05', '60:00'])
  })
})
