/** The animatic's sound: what is heard when, and how loud. */
import { describe, expect, test } from 'vitest'

import { withAddresses } from '../../src/animatic/addresses.ts'
import { integratedLoudness, silence } from '../../src/animatic/loudness.ts'
import { gainAt, type Part, partsOf } from '../../src/animatic/parts.ts'
import type { TimelinePreview } from '../../src/generated/timeline.ts'

const sine = (rate: number, frequency: number, peak: number, seconds = 3): Float32Array =>
  Float32Array.from(
    { length: rate * seconds },
    (_, index) => peak * Math.sin((2 * Math.PI * frequency * index) / rate),
  )
const asset = (id: string) => ({
  id,
  contentUrl: `/api/v1/media/assets/${id}/content`,
  mediaType: '',
  placeholder: false,
})
const span = (start: number, duration: number) => ({ start, duration })
const timelineOf = (parts: object): TimelinePreview =>
  ({ scenes: [], music: null, logo: null, ...parts }) as unknown as TimelinePreview
const decibels = (gain: number): number => 20 * Math.log10(gain)
const part = (own: Partial<Part>): Part => ({
  key: '',
  address: '',
  start: 0,
  end: 10,
  offset: 0,
  loops: false,
  loudness: null,
  raise: 0,
  fadeIn: 0,
  fadeOut: 0,
  ducking: [],
  ...own,
})

describe('loudness', () => {
  test.for([44_100, 48_000])(
    'a full sine of 997 Hz on one side of two is −3.01 LUFS, at %i samples a second',
    (rate) => {
      const channels = [sine(rate, 997, 1), new Float32Array(rate * 3)]
      expect(integratedLoudness({ channels, rate })).toBeCloseTo(-3.01, 1)
    },
  )
  test('a single channel is heard on both sides', () => {
    const channels = [sine(48_000, 997, 0.1)]
    expect(integratedLoudness({ channels, rate: 48_000 })).toBeCloseTo(-20, 1)
  })
  test('pauses do not count', () => {
    const pause = new Float32Array(48_000 * 5)
    const said = sine(48_000, 997, 0.1)
    const both = new Float32Array(said.length + pause.length)
    both.set(said)
    expect(integratedLoudness({ channels: [both], rate: 48_000 })).toBeCloseTo(-20, 0)
  })
  test.for([0, 100])('of %i silent samples there is none', (length) => {
    const channels = [new Float32Array(length)]
    expect(integratedLoudness({ channels, rate: 48_000 })).toBe(silence)
  })
})

describe('what is heard', () => {
  const narration = { asset: asset('n'), span: span(1, 2), fade: 0.005 }
  const ducking = [{ at: 3, sample: 144_000, decibels: -12 }]
  const clip = {
    ...{ kind: 'clip', asset: asset('c'), trimStart: 4, volume: -6, sound: span(3, 2) },
    ducking,
  }
  const music = {
    ...{ asset: null, bedUrl: '/api/v1/beds?mood=calm', volume: -14, span: span(0, 6) },
    ...{ fadeIn: 1, fadeOut: 2, ducking: [] },
  }

  test('narrations, clips and music, at their places', () => {
    const scenes = [
      { id: 'a', view: { kind: 'still' }, narration },
      { id: 'b', view: clip, narration: null },
    ]
    expect(partsOf(timelineOf({ scenes, music }))).toMatchObject([
      { address: asset('n').contentUrl, start: 1, end: 3, loudness: -16, loops: false },
      {
        ...{ address: asset('c').contentUrl, start: 3, end: 5, offset: 4 },
        ...{ loudness: null, raise: -6, ducking },
      },
      { address: music.bedUrl, start: 0, end: 6, loudness: -30, loops: true },
    ])
  })
  test('nothing that is not there', () => {
    const scenes = [
      { id: 'a', view: { kind: 'still' }, narration: { ...narration, asset: null } },
      { id: 'b', view: { ...clip, volume: null, sound: null }, narration: null },
    ]
    expect(partsOf(timelineOf({ scenes, music: { ...music, bedUrl: null } }))).toEqual([])
  })
  test('music alone is as loud as a film, and one’s own goes before the built-in one', () => {
    const [bed] = partsOf(timelineOf({ music: { ...music, asset: asset('m') } }))
    expect(bed).toMatchObject({ address: asset('m').contentUrl, loudness: -16 })
  })
})

describe('how loud', () => {
  test('a part is brought to its loudness, whatever it has', () => {
    expect(decibels(gainAt(part({ loudness: -16 }), 5, -26))).toBeCloseTo(10)
    expect(decibels(gainAt(part({ raise: -6 }), 5, -26))).toBeCloseTo(-6)
  })
  test('nobody’s breath is raised to a voice', () => {
    expect(decibels(gainAt(part({ loudness: -16 }), 5, silence))).toBeCloseTo(40)
  })
  test('it comes and goes by sines', () => {
    const faded = part({ fadeIn: 1, fadeOut: 2 })
    expect(gainAt(faded, 0, 0)).toBe(0)
    expect(gainAt(faded, 1 / 3, 0)).toBeCloseTo(0.5)
    expect(gainAt(faded, 5, 0)).toBe(1)
    expect(gainAt(faded, 9, 0)).toBeCloseTo(Math.SQRT1_2)
  })
  test('music steps back evenly in decibels, and stays back', () => {
    const points = [
      ...[
        [1, 0],
        [2, -8],
        [4, -8],
        [5, 0],
      ].map(([at = 0, decibels = 0]) => ({ at, sample: 0, decibels })),
    ]
    const ducked = part({ ducking: points })
    const heard = [0, 1.5, 3, 4.5, 7].map((at) => decibels(gainAt(ducked, at, 0)))
    for (const [index, wanted] of [0, -4, -8, -4, 0].entries()) {
      expect(heard[index]).toBeCloseTo(wanted)
    }
  })
})

test('everything that is seen and heard is given another address', () => {
  const timeline = timelineOf({
    scenes: [
      { id: 'a', view: { kind: 'still', asset: asset('p') }, narration: { asset: asset('n') } },
    ],
    music: { asset: asset('m'), bedUrl: '/api/v1/beds?mood=calm' },
    logo: { asset: asset('l') },
  })
  const told = JSON.stringify(withAddresses(timeline, (address) => `/x${address}`))
  expect(told.match(/\/api/g)).toHaveLength(5)
  expect(told.match(/\/x\/api/g)).toHaveLength(5)
})
