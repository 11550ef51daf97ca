/** A changed script, taken over into the scenes that say it. */
import { array, assert, constantFrom, integer, property, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { SceneRow } from '../../src/documents.ts'
import { heard, narrated, scripted } from '../../src/sentences.ts'
import { takeOver } from '../../src/takeover.ts'

const ada = { name: 'Ada' }
const ben = { name: 'Ben' }

/** Return scenes that say what they are given, their ids being their numbers. */
function rows(...narrations: (string | SceneRow)[]): SceneRow[] {
  return narrations.map((given, index) => ({
    sceneId: String(index + 1),
    ...(typeof given === 'string' ? { narration: given } : given),
  }))
}

function taken(
  scenes: SceneRow[],
  before: string,
  now: string,
  { locale = 'en', speakers = [] as { name: string }[] } = {},
) {
  const { changes, left, scenes: after } = takeOver({ locale, scenes, speakers }, before, now)
  return { changes, left, narrations: after.map(({ narration }) => narration) }
}

describe('each sentence where it is said', () => {
  const scenes = rows('We open at nine. Come early.', 'Bread is baked at four.\n\nIt is warm.')
  const script = 'We open at nine. Come early.\n\nBread is baked at four.\n\nIt is warm.'
  const change = (from: string, to: string) => taken(scenes, script, script.replace(from, to))

  test('one in place of another', () => {
    const { changes, left, narrations } = change('at nine', 'at eight')
    expect(narrations).toEqual(['We open at eight. Come early.', scenes[1]?.narration])
    expect(left).toEqual([])
    expect(changes).toEqual([
      {
        number: 1,
        isRemoved: false,
        shownStill: '',
        words: [
          { text: 'We open at nine.', became: 'old' },
          { text: 'We open at eight.', became: 'new' },
          { text: 'Come early.', became: 'kept' },
        ],
      },
    ])
  })

  test.for([
    [
      'behind the one before it',
      'early.',
      'early. Or late.',
      ['We open at nine. Come early. Or late.'],
    ],
    [
      'in a paragraph of its own',
      'early.',
      'early.\n\nOr late.',
      ['We open at nine. Come early.\n\nOr late.'],
    ],
    ['at the very beginning', 'We open', 'Hello! We open', ['Hello! We open at nine. Come early.']],
    [
      'at the beginning of a paragraph that went on before',
      'Bread is',
      'Look. Bread is',
      [scenes[0]?.narration, 'Look. Bread is baked at four.\n\nIt is warm.'],
    ],
    [
      'at the very end',
      'It is warm.',
      'It is warm. Bye!',
      [scenes[0]?.narration, 'Bread is baked at four.\n\nIt is warm. Bye!'],
    ],
  ] as const)('a new one %s', ([, from, to, said]) => {
    const { left, narrations } = change(from, to)
    expect(narrations.slice(0, said.length)).toEqual(said)
    expect(left).toEqual([])
  })

  test('one that is gone goes, and so does a scene that says nothing more', () => {
    expect(change(' Come early.', '').narrations[0]).toBe('We open at nine.')
    const { changes, narrations } = change('Bread is baked at four.\n\nIt is warm.', '')
    expect(narrations).toEqual([scenes[0]?.narration])
    expect(changes).toMatchObject([{ number: 2, isRemoved: true }])
  })

  test('two for one, and one for two, in the scene that is most alike', () => {
    const apart = rows('We open at nine.', 'Bread is baked at four.')
    const before = 'We open at nine. Bread is baked at four.'
    const two = 'We open at eight. Bread is baked at three. Nobody sees it.'
    expect(taken(apart, before, two).narrations).toEqual([
      'We open at eight.',
      'Bread is baked at three. Nobody sees it.',
    ])
    expect(taken(apart, before, 'Bread is baked at three.').narrations).toEqual([
      'Bread is baked at three.',
    ])
  })

  test('signs alone are a change; spaces and wrapped lines are none', () => {
    expect(change('Come early.', 'Come early!').narrations[0]).toBe('We open at nine. Come early!')
    expect(change('Bread is baked', 'Bread  is\nbaked')).toMatchObject({ changes: [], left: [] })
  })
})

test.for([
  [
    'ja',
    '朝九時に開きます。早く来てください。',
    '九時',
    '八時',
    '朝八時に開きます。早く来てください。',
  ],
  ['ar', 'نفتح في التاسعة. هل تأتي؟ نعم.', 'التاسعة', 'الثامنة', 'نفتح في الثامنة. هل تأتي؟ نعم.'],
  ['hi', 'हम नौ बजे खुलते हैं। जल्दी आइए।', 'नौ', 'आठ', 'हम आठ बजे खुलते हैं। जल्दी आइए।'],
  [
    'de_DE',
    'Wir öffnen um neun. Kommen Sie früh.',
    'neun',
    'acht',
    'Wir öffnen um acht. Kommen Sie früh.',
  ],
] as const)('a language such as %s', ([locale, said, from, to, after]) => {
  const { changes, narrations } = taken(rows(said), said, said.replace(from, to), { locale })
  expect(narrations).toEqual([after])
  expect(changes[0]?.words.map(({ became }) => became).slice(0, 2)).toEqual(['old', 'new'])
})

describe('what speakers say', () => {
  const speakers = [ada, ben]
  const script = 'Ada: How long? And how warm?\nBen: A night. In the cold.\n\nThen it is baked.'
  const scenes = rows(
    'Ada: How long? And how warm?',
    'Ben: A night.',
    // A scene in the midst of a turn begins with the name.
    'Ben: In the cold.\n\nThen it is baked.',
  )
  const change = (from: string, to: string) =>
    taken(scenes, script, script.replace(from, to), { speakers })

  test('stays theirs', () => {
    expect(change('how warm', 'how cold').narrations[0]).toBe('Ada: How long? And how cold?')
    expect(change('In the cold.', 'In a cellar.').narrations[2]).toBe(
      'Ben: In a cellar.\n\nThen it is baked.',
    )
    expect(change('How long? ', '').narrations[0]).toBe('Ada: And how warm?')
    expect(change('Then', 'Ada: Oh!\n\nThen').narrations[2]).toBe(
      'Ben: In the cold.\n\nAda: Oh!\n\nThen it is baked.',
    )
  })

  test('is another thing where somebody else says it', () => {
    const { changes, narrations } = change('Ben: A night. In', 'Ada: A night.\nBen: In')
    expect(narrations).toEqual([
      'Ada: How long? And how warm?',
      'Ada: A night.',
      scenes[2]?.narration,
    ])
    expect(changes).toHaveLength(1)
  })
})

describe('what is left to the editor, and told', () => {
  const script = 'One is here. Two is there. Three is gone.'
  const told = (scenes: SceneRow[], now: string, before = script) => taken(scenes, before, now).left

  test('no scene says it any more, and what follows has no place', () => {
    const scenes = rows('One is here.', 'Two was there, they say.', 'Three is gone.')
    expect(told(scenes, script.replace('Two is there.', 'Two is away.'))).toEqual([
      { before: 'Two is there.', now: 'Two is away.', reason: 'missing' },
    ])
    expect(told(scenes, script.replace('there.', 'there. Really.'))).toEqual([
      { before: null, now: 'Really.', reason: 'place' },
    ])
    expect(told(scenes, script.replace(' Two is there.', ''))).toEqual([
      { before: 'Two is there.', now: null, reason: 'missing' },
    ])
  })

  test('but not what somebody has written into the scene already', () => {
    const scenes = rows('One is here.', 'Two is away!', 'Three is gone.')
    const now = script.replace('Two is there.', 'Two is away. Really.')
    expect(taken(scenes, script, now)).toMatchObject({
      left: [],
      narrations: ['One is here.', 'Two is away! Really.', 'Three is gone.'],
    })
  })

  test('scenes say it more often than the script did', () => {
    expect(told(rows('One is here.', 'One is here.'), 'One was here.', 'One is here.')).toEqual([
      { before: 'One is here.', now: 'One was here.', reason: 'several' },
    ])
  })

  test('it is said twice, and scenes were moved', () => {
    const before = 'Buy. One is here. Buy. Two is there.'
    const now = 'Buy. One is here. Look. Two is there.'
    expect(taken(rows('Buy. One is here.', 'Buy. Two is there.'), before, now).narrations).toEqual([
      'Buy. One is here.',
      'Look. Two is there.',
    ])
    expect(told(rows('Buy. Two is there.', 'Buy. One is here.'), now, before)).toMatchObject([
      { before: 'Buy.', now: 'Look.', reason: 'several' },
    ])
  })

  test('its scene is locked, or speaks with a recording', () => {
    const now = script.replace('One is', 'One was').replace('Three is', 'Three was')
    const scenes = rows({ narration: 'One is here.', locked: true }, 'Two is there.', {
      narration: 'Three is gone.',
      narrationFile: { relationTo: 'media', value: 1 },
    })
    expect(taken(scenes, script, now)).toMatchObject({
      changes: [],
      left: [{ reason: 'locked' }, { reason: 'recorded' }],
    })
  })

  test('it is a heading, or all that there was', () => {
    expect(told(rows('One.'), '# Noon\n\nOne.', '# Morning\n\nOne.')).toEqual([
      { before: 'Morning', now: 'Noon', reason: 'heading' },
    ])
    expect(taken(rows('One.'), 'One.', '# Noon')).toMatchObject({
      changes: [],
      left: [{ reason: 'heading' }, { reason: 'last' }],
      narrations: ['One.'],
    })
  })

  test('words in the picture that are said no more', () => {
    const scenes = rows({ narration: script, onScreenText: 'Two is there' })
    expect(taken(scenes, script, script.replace('there', 'away')).changes[0]?.shownStill).toBe(
      'Two is there',
    )
    expect(taken(scenes, script, script.replace('here', 'near')).changes[0]?.shownStill).toBe('')
  })
})

test('a script is read as the service reads it', () => {
  const script = '# Morning\nScene 1: We open.\nSzene 2: Das Brot\n- Warm\n- Fresh\n---\nAda: Hi.'
  const read = scripted(script, [ada], 'en')
  expect(read.map(({ isHeading, speaker, text }) => [isHeading ? '#' : speaker, text])).toEqual([
    ['#', 'Morning'],
    ['', 'We open.'],
    ['#', 'Das Brot'],
    ['', 'Warm'],
    ['', 'Fresh'],
    ['Ada', 'Hi.'],
  ])
})

describe('laws', () => {
  const speakers = [ada, ben]
  const words = constantFrom(
    'we open at nine',
    'bread is warm',
    'come',
    'it rains',
    'nobody sees it',
  )
  const sentence = tuple(words, constantFrom('.', '!', '?')).map(([said, sign]) => said + sign)
  const paragraph = tuple(
    constantFrom('', 'Ada: ', 'Ben: '),
    array(sentence, { minLength: 1, maxLength: 4 }),
  )
  const script = array(paragraph, { minLength: 1, maxLength: 5 })
  const text = (paragraphs: [string, string[]][]): string =>
    paragraphs.map(([label, said]) => label + said.join(' ')).join('\n\n')
  const told = (narrations: readonly string[]): string[] =>
    narrations.flatMap((narration) => narrated(narration, speakers, 'en')).map(heard)

  /** Return the scenes of a script that is parted behind some of its sentences. */
  function parted(paragraphs: [string, string[]][], parts: readonly number[]): SceneRow[] {
    let [count, scene] = [0, '']
    const scenes: string[] = []
    for (const [label, said] of paragraphs) {
      for (const [index, one] of said.entries()) {
        const begins = index === 0 ? (scene ? `\n\n${label}` : label) : scene ? ' ' : label
        scene += begins + one
        count += 1
        if (!parts.includes(count % 7)) continue
        scenes.push(scene)
        scene = ''
      }
    }
    return rows(...scenes, ...(scene ? [scene] : []))
  }
  const parts = array(integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 })

  test('the same script changes nothing', () => {
    assert(
      property(script, parts, (paragraphs, cuts) => {
        const scenes = parted(paragraphs, cuts)
        const said = text(paragraphs)
        const {
          changes,
          left,
          scenes: after,
        } = takeOver({ locale: 'en', scenes, speakers }, said, said)
        expect({ changes, left }).toEqual({ changes: [], left: [] })
        expect(after).toEqual(scenes)
      }),
      { numRuns: 50 },
    )
  })

  test('one sentence in place of another changes one scene', () => {
    assert(
      property(script, parts, integer({ min: 0, max: 99 }), (paragraphs, cuts, at) => {
        const scenes = parted(paragraphs, cuts)
        const flat = paragraphs.flatMap(([, said], number) =>
          said.map((_, index) => [number, index]),
        )
        const [number, index] = flat[at % flat.length] ?? []
        const now = paragraphs.map(([label, said], one): [string, string[]] => [
          label,
          said.map((words, place) =>
            one === number && place === index ? 'Something else.' : words,
          ),
        ])
        const taking = takeOver({ locale: 'en', scenes, speakers }, text(paragraphs), text(now))
        expect(taking.left).toEqual([])
        expect(taking.changes).toHaveLength(1)
        const changed = taking.scenes.filter((scene, place) => scene !== scenes[place])
        expect(changed).toHaveLength(1)
      }),
      { numRuns: 50 },
    )
  })

  test('scenes that said the old script say the new one', () => {
    assert(
      property(script, script, parts, (before, now, cuts) => {
        const scenes = parted(before, cuts)
        const taking = takeOver({ locale: 'en', scenes, speakers }, text(before), text(now))
        expect(taking.left).toEqual([])
        const narrations = taking.scenes.map(({ narration }) => narration ?? '')
        expect(told(narrations)).toEqual(told([text(now)]))
      }),
      { numRuns: 50 },
    )
  })
})
