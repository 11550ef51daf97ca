/**
 * Storyboards at random, made from the schema of the wire.
 *
 * Whatever the schema comes to allow is in the next one, so that no field that
 * is added there can be lost on its way through the CMS.
 */
import type { Storyboard } from 'payload-plugin-reelwright'

import { writebackSchema } from '../../src/generated/writebackSchema.ts'
import { holdsWords } from '../../src/text.ts'

interface Schema {
  $ref?: string
  anyOf?: readonly Schema[]
  enum?: readonly unknown[]
  type?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  items?: Schema
  properties?: Record<string, Schema>
}

const definitions: Record<string, Schema> = writebackSchema.$defs

const texts = [
  '',
  'We open at nine.',
  'مرحبا 你好 👋🏽',
  ' "Quoted" \\ and\nbroken',
  'en',
  'pt-BR',
  '#0a1B2c',
  'music.mp3',
]

/** Return a storyboard that can be filmed; the same one for the same number. */
export function anyStoryboard(seed: number): Storyboard {
  const random = randomFrom(seed)
  const made = make({ $ref: '#/$defs/Storyboard' }, random) as Storyboard
  const scenes = made.scenes.map((scene, index) => ({
    ...scene,
    id: `s${String(index)}`,
    // A scene shows one or the other.
    ...(scene.background && { clip: null }),
    ...((scene.background ?? scene.clip?.own) && { picture: null }),
    // Only a picture is set in motion.
    ...(scene.motion === 'generated' &&
      (scene.background ?? scene.clip) && { motion: 'still' as const }),
  }))
  // Music is a prompt, a file, one's own by reference, or a mood.
  const music = made.music && {
    ...made.music,
    ...(holdsWords(made.music.prompt ?? '')
      ? { file: null, own: null, mood: null }
      : made.music.mood
        ? { file: null, own: null, prompt: '' }
        : made.music.own
          ? { file: null, prompt: '' }
          : { file: made.music.file ?? 'music.mp3', prompt: '' }),
  }
  // So is a logo a file, or one's own.
  const logo = made.logo && {
    ...made.logo,
    file: made.logo.own ? null : (made.logo.file ?? 'logo.png'),
  }
  return { ...made, title: 'Any', scenes, logo, music }
}

function make(schema: Schema, random: () => number): unknown {
  const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  if (schema.$ref) return make(definitions[schema.$ref.split('/').at(-1) ?? ''] ?? {}, random)
  if (schema.anyOf) return make(one(schema.anyOf), random)
  if (schema.enum) return one(schema.enum)
  switch (schema.type) {
    case 'null':
      return null
    case 'boolean':
      return random() < 0.5
    case 'integer': {
      const low = schema.minimum ?? 0
      return low + Math.floor(random() * ((schema.maximum ?? low + 5) - low + 1))
    }
    case 'number': {
      const low = schema.minimum ?? schema.exclusiveMinimum ?? 0
      const high = schema.maximum ?? schema.exclusiveMaximum ?? low + 5
      // SQLite keeps fifteen digits of a number; nobody asks for more than four of them here.
      return Number((low + (0.01 + 0.98 * random()) * (high - low)).toFixed(4))
    }
    case 'string': {
      const pattern = new RegExp(schema.pattern ?? '')
      const { maxLength = Infinity, minLength = 0 } = schema
      const fitting = texts.filter(
        (text) => pattern.test(text) && text.length >= minLength && text.length <= maxLength,
      )
      if (fitting.length === 0) throw new Error(`No text here fits ${String(pattern)}.`)
      return one(fitting)
    }
    case 'array':
      return Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
        make(schema.items ?? {}, random),
      )
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, property]) => [
          name,
          make(property, random),
        ]),
      )
    default:
      throw new Error(`Nothing is known of ${JSON.stringify(schema)}.`)
  }
}

/** Numbers from 0 to 1, the same for the same seed: a multiplicative generator of Lehmer's. */
function randomFrom(seed: number): () => number {
  let state = (seed * 48_271 + 1) % 2_147_483_647
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
