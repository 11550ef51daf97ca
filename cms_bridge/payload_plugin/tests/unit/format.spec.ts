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

  const small = (scene: number) => ({
    code: 'picture_small',
    message: `Scene ${String(scene)}: The picture has only 320 × 240 pixels.`,
    params: { width: 320, height: 240, scene },
  })

  test('with the number of the scene, where the sentence has none of its own', () => {
    expect([1, 2].map((scene) => translateProblem(small(scene), 'de'))).toEqual([
      'Szene 1: Das Bild hat nur 320 × 240 Pixel und wird unscharf wirken.',
      'Szene 2: Das Bild hat nur 320 × 240 Pixel und wird unscharf wirken.',
    ])
    expect(translateProblem(small(3), 'ar')).toMatch(/^المشهد 3: /)
    const silent = { code: 'clip_silent', message: 'Scene 4: …', params: { scene: 4 } }
    expect(translateProblem(silent, 'de')).toBe('Szene 4: Der Clip hat keinen hörbaren Ton.')
  })

  test('with the reason in words, and the place as the form calls it', () => {
    const reason = 'generation_unavailable'
    const motion = { code: 'motion_not_generated', message: '…', params: { scene: 2, reason } }
    expect(translateProblem(motion, 'de')).toBe(
      'Szene 2: die Kamera fährt über das Bild, da kein Clip daraus wurde (Der Dienst für Bilder und Stimme antwortet im Augenblick nicht).',
    )
    expect(translateProblem(motion, 'ar')).not.toMatch(/[a-z]/i)
    const own = (field: string) => ({
      code: 'own_file_missing',
      message: '…',
      params: { field, role: 'clip', scene: '3' },
    })
    expect(translateProblem(own('clip.own'), 'de')).toBe(
      'Szene 3: Diese Datei ist nicht (mehr) beim Projekt (Clip).',
    )
    for (const field of ['picture', 'clip.own', 'narrationFile', 'music.own', 'logo.own']) {
      expect(translateProblem(own(field), 'ar')).not.toMatch(/[a-z]/i)
    }
    // What a host's own library says is no code.
    const refused = { code: 'library_refused', message: '…', params: { reason: 'Alt fehlt' } }
    expect(translateProblem(refused, 'de')).toMatch(/: Alt fehlt$/)
  })

  test('with a reason that has values of its own, or else the service’s', () => {
    const reason = 'spend_cap_reached'
    const message = 'The cap is reached: $1 may be spent.'
    const capped = (values: object) => ({
      code: 'music_not_generated',
      message,
      params: { reason, ...values },
    })
    const values = { cap: '1.000000', spent: '0.900000', wanted: '0.250000' }
    expect(translateProblem(capped(values), 'de')).toContain('1,00\u00a0$ sind erlaubt')
    expect(translateProblem(capped({}), 'de')).toBe(message)
  })

  test('with amounts as prices are written', () => {
    const changed = {
      code: 'price_changed',
      message: '…',
      params: { seen: '1.250000', estimatedCost: '1234.500000' },
    }
    expect(translateProblem(changed, 'de')).toMatch(/: 1,25\u00a0\$ damals, 1.234,50\u00a0\$ jetzt/)
    expect(translateProblem(changed, 'ar')).toContain('\u20661.25\u00a0US$\u2069')
    // Only what is an amount: a model of such a name is none.
    const unknown = {
      code: 'charge_unknown',
      message: '…',
      params: { model: '1.250000', amount: '0.004800', scene: 2 },
    }
    expect(translateProblem(unknown, 'de')).toMatch(/^Szene 2: .*1\.250000.* 0,0048\u00a0\$ /)
  })

  test('which may hold braces of their own', () => {
    const params = { markup: '{name}', scene: 1 }
    expect(translateProblem({ code: 'markup_in_words', message: '…', params }, 'de')).toContain(
      '({name})',
    )
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
