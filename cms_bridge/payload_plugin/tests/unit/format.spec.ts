import { describe, expect, test } from 'vitest'

import { splitWarnings } from '../../src/admin/rendition/warnings.ts'
import {
  formatDollars,
  formatLength,
  formatPlace,
  formatTime,
} from '../../src/admin/shared/format.ts'
import { translateProblem } from '../../src/admin/shared/translateProblem.ts'
import {
  formatLost,
  formatPrice,
  formatPriceDue,
  formatTotalPrice,
} from '../../src/admin/shared/price.ts'

const price = {
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

const problem = { code: '', message: 'No.' }

test('an amount is read from left to right in Arabic too', () => {
  expect(formatDollars(0.0048, 'ar')).toBe('\u20660.0048\u00a0US$\u2069')
  expect(formatDollars(0.0048, 'en')).toBe('$0.0048')
})

describe('plain words', () => {
  test('for a known code, in the editor’s language', () => {
    const problem = { code: 'storage_full', message: 'ENOSPC', params: {} }
    expect(translateProblem(problem, 'de')).toBe('Der Videospeicher ist voll.')
    const limit = {
      code: 'limit_exceeded',
      message: 'The script may be at most 40000 characters; this is 40001.',
      params: { what: 'the script', limit: 40_000, value: 40_001, unit: 'characters' },
    }
    expect(translateProblem(limit, 'de')).toBe(
      'Eine Grenze ist überschritten: höchstens 40.000 Zeichen; dies sind 40.001.',
    )
  })

  test('in English: the service’s own, which says more', () => {
    const problem = { code: 'storage_full', message: 'The disk is full.', params: {} }
    for (const language of ['en', 'en-GB', 'pl']) {
      expect(translateProblem(problem, language)).toBe('The disk is full.')
    }
  })

  test('for an unknown code, or one whose values are missing: the service’s own', () => {
    expect(translateProblem({ code: 'new_thing', message: 'As it was said.' }, 'de')).toBe(
      'As it was said.',
    )
    const limit = { code: 'limit_exceeded', message: 'At most 3 scenes.', params: { limit: 3 } }
    expect(translateProblem(limit, 'fr')).toBe('At most 3 scenes.')
  })

  test('for prices: free, cents and dollars', () => {
    expect(formatPrice('0.00', 'en')).toBe('free (offline)')
    expect(formatPrice(undefined, 'de')).toBe('kostenlos (offline)')
    expect(formatPrice('0.0125', 'en')).toBe('$0.0125')
    expect(formatPrice('12.5', 'en')).toBe('$12.50')
  })

  test('for the price of a storyboard: usually, and at most', () => {
    expect(formatTotalPrice(price, 'en')).toBe('usually $0.11, at most $0.40')
    expect(formatTotalPrice({ ...price, usualCost: '0.4' }, 'en')).toBe('$0.40')
    expect(formatTotalPrice({ ...price, estimatedCost: '0' }, 'en')).toBe('free (offline)')
    expect(formatTotalPrice(price, 'de')).toBe('meist 0,11\u00a0$, höchstens 0,40\u00a0$')
  })

  test('for what is to be paid now', () => {
    expect(formatPriceDue(price, 'en')).toBe('usually $0.05, at most $0.14')
    const paid = { ...price, difference: '0.000000', usualDifference: '0' }
    expect(formatPriceDue(paid, 'en')).toBe('nothing: all of it is there already')
    expect(formatPriceDue({ ...paid, estimatedCost: '0' }, 'en')).toBeNull()
  })

  test('for what lost calls may cost on top, where they may', () => {
    expect(formatLost(price, 'en')).toBeNull()
    const lost = { ...price, lostAtMost: '0.500000' }
    expect(formatLost(lost, 'en')).toBe(
      'Up to $0.50 may come on top, for calls whose answer is lost.',
    )
    expect(formatLost(lost, 'de')).toContain('Bis zu 0,50\u00a0$ können dazukommen')
  })

  test('for warnings: those that ask something stand apart', () => {
    const lost = { code: 'charge_unknown', message: 'Lost.' }
    expect(splitWarnings([problem, lost])).toEqual({ charges: [lost], others: [problem] })
  })

  test('for a time, as it stands in an account', () => {
    expect(formatTime('2026-11-21T10:12:30+00:00', 'en')).toMatch(/^Nov 21, 2026, \d+:12:30/)
  })

  test('for lengths', () => {
    expect([0.4, 65, 3_599.6].map(formatLength)).toEqual(['0:00', '1:05', '60:00'])
  })
})

describe('a place in line', () => {
  const now = Date.parse('2026-11-29T10:00:00Z')
  const inLine = (startsAt: null | string, language = 'en', place: null | number = 3) =>
    formatPlace({ place, startsAt }, now, language)

  test.each([
    ['en', 'Number 3 in line, starts in 4 minutes or so'],
    ['de', 'Platz 3 in der Warteschlange, beginnt ungefähr in 4 Minuten'],
    ['fr', 'Numéro 3 dans la file d’attente, commence environ dans 4 minutes'],
    ['es', 'Número 3 en la cola, empieza aproximadamente dentro de 4 minutos'],
  ])('in %s', (language, words) => {
    expect(inLine('2026-11-29T10:04:10Z', language)).toBe(words)
  })

  test('is told alone where nobody knows when, and not at all where there is none', () => {
    expect(inLine(null)).toBe('Number 3 in line')
    expect(inLine(null, 'en', null)).toBeNull()
  })

  test('is never nearer than a minute, and far off in hours', () => {
    expect(inLine('2026-11-29T09:59:00Z')).toBe('Number 3 in line, starts in 1 minute or so')
    expect(inLine('2026-11-29T13:10:00Z')).toBe('Number 3 in line, starts in 3 hours or so')
  })
})
