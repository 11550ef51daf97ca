import { describe, expect, test } from 'vitest'

import { splitWarnings } from '../../src/admin/rendition/warnings.ts'
import { formatLength, formatTime } from '../../src/admin/shared/format.ts'
import { translateProblem } from '../../src/admin/shared/translateProblem.ts'
import { formatPrice, formatPriceDue, formatTotalPrice } from '../../src/admin/storyboard/price.ts'

const price = {
  estimatedCost: '0.400000',
  usualCost: '0.110000',
  difference: '0.140000',
  usualDifference: '0.050000',
  toApprove: '0.400000',
  needs: '0.000000',
  changes: [],
  scenes: [],
}

const problem = { code: '', message: 'No.' }

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
