/** Loudness: how loud a sound is to people, after ITU-R BS.1770-5, in LUFS. */

/** What is as quiet as nothing. */
export const silence = -70

const blockSeconds = 0.4
const hopSeconds = 0.1
/** LU under the mean of what is no silence: what is fainter does not count. */
const gate = -10
const offset = -0.691

/** Samples of a sound, a list for each channel. */
export interface Samples {
  channels: readonly Float32Array[]
  rate: number
}

/** Return the integrated loudness; what is on one channel alone is heard on both sides. */
export function integratedLoudness({ channels, rate }: Samples): number {
  const hop = Math.round(hopSeconds * rate)
  const sides = channels.length === 1 ? [channels[0], channels[0]] : channels.slice(0, 2)
  const sums: number[] = []
  for (const side of sides) {
    if (side) addEnergies(side, rate, hop, sums)
  }
  const hops = Math.round(blockSeconds / hopSeconds)
  const powers: number[] = []
  for (let at = 0; at + hops <= sums.length; at += 1) {
    const energy = sums.slice(at, at + hops).reduce((sum, one) => sum + one, 0)
    powers.push(energy / (hops * hop))
  }
  const audible = powers.filter((power) => toLufs(power) > silence)
  const bound = toLufs(mean(audible)) + gate
  const loud = audible.filter((power) => toLufs(power) > bound)
  return loud.length > 0 ? toLufs(mean(loud)) : silence
}

const toLufs = (power: number): number => (power > 0 ? offset + 10 * Math.log10(power) : -Infinity)

const mean = (values: readonly number[]): number =>
  values.length > 0 ? values.reduce((sum, one) => sum + one, 0) / values.length : 0

/** Add the energy of each whole hop to `sums`, as the ear weighs it: a shelf, then a high-pass. */
function addEnergies(side: Float32Array, rate: number, hop: number, sums: number[]): void {
  const [shelf, pass] = weighting(rate)
  // Both filters in one loop: minutes of sound pass here while a page is waiting.
  let [shelf1, shelf2, pass1, pass2] = [0, 0, 0, 0]
  for (let start = 0, index = 0; start + hop <= side.length; start += hop, index += 1) {
    let energy = 0
    for (let at = start; at < start + hop; at += 1) {
      const sample = side[at] ?? 0
      const shelved = shelf.b0 * sample + shelf1
      shelf1 = shelf.b1 * sample - shelf.a1 * shelved + shelf2
      shelf2 = shelf.b2 * sample - shelf.a2 * shelved
      const heard = pass.b0 * shelved + pass1
      pass1 = pass.b1 * shelved - pass.a1 * heard + pass2
      pass2 = pass.b2 * shelved - pass.a2 * heard
      energy += heard * heard
    }
    sums[index] = (sums[index] ?? 0) + energy
  }
}

/** A filter of the second order, its first divisor being 1. */
interface Biquad {
  b0: number
  b1: number
  b2: number
  a1: number
  a2: number
}

/** Return the K-weighting for a rate, from the filters' frequencies, qualities and gain. */
function weighting(rate: number): [shelf: Biquad, pass: Biquad] {
  const high = 10 ** (3.999843853973347 / 20)
  const band = high ** 0.4996667741545416
  return [
    biquad(rate, 1681.974450955533, 0.7071752369554196, (k, q) => [
      high + (band * k) / q + k * k,
      2 * (k * k - high),
      high - (band * k) / q + k * k,
    ]),
    biquad(rate, 38.13547087602444, 0.5003270373238773, (k, q) => {
      const scale = 1 + k / q + k * k
      return [scale, -2 * scale, scale]
    }),
  ]
}

function biquad(
  rate: number,
  frequency: number,
  q: number,
  numerator: (k: number, q: number) => [number, number, number],
): Biquad {
  const k = Math.tan((Math.PI * frequency) / rate)
  const scale = 1 + k / q + k * k
  const [b0, b1, b2] = numerator(k, q)
  return {
    b0: b0 / scale,
    b1: b1 / scale,
    b2: b2 / scale,
    a1: (2 * (k * k - 1)) / scale,
    a2: (1 - k / q + k * k) / scale,
  }
}
