/** What is just being done to a film, in plain words: pure, so that it can be read off a table. */
import type { RenditionDoc } from '../../documents.ts'
import type { AskedModel, JobProgress } from '../../endpoints/contract.ts'
import type { Status } from '../../generated/events.ts'
import { isTranslationKey, translate } from '../../translations/index.ts'
import { isUnderWay, type Live } from './live.ts'
import { secondsLeft } from './timeLeft.ts'

/** Return what is done now, by which model, and how long it will take; as far as each is known. */
export function tellWork(
  { heardAt, isLive, newest, samples }: Live,
  { jobId, status }: Pick<RenditionDoc, 'jobId' | 'status'>,
  now: number,
  language: string,
): string[] {
  const isOfThis = newest?.jobId === jobId && newest.status === status && isUnderWay(status)
  // Without a stream nobody knows that it is still so.
  if (!isLive || !isOfThis) return []
  const told = [
    tellStage(newest, language),
    tellModel(newest.model, language),
    tellLeft(secondsLeft(samples, now - heardAt), status, language),
  ]
  return told.filter((words) => words !== null)
}

/** Return the stage in words; null of one that the status says already, or that is new here. */
function tellStage({ scenesTotal, stage }: JobProgress, language: string): null | string {
  const key = `work.${String(stage?.name)}`
  if (!stage || !isTranslationKey(key)) return null
  const work = translate(language, key)
  const { scene } = stage
  if (scene === null || scene > scenesTotal) return work
  return translate(language, 'work.scene', { work, scene, total: scenesTotal })
}

function tellModel(model: AskedModel | null, language: string): null | string {
  const name = model && modelName(model)
  return name ? translate(language, 'work.model', { model: apart(name, language) }) : null
}

/** Words of its own that are no model's name: what makes things here asks nobody. */
const unnamed = ['offline', 'stock']
const abbreviations = ['gpt', 'hd', 'tts']

/** Return what a model is called by people; nothing of what is no model. */
export function modelName({ name, provider }: AskedModel): null | string {
  if (unnamed.includes(provider) || !name) return null
  // A voice that reads here is known by what reads.
  if (provider === 'piper') return 'Piper'
  const [, owner, model] = /^(?:([^/]+)\/)?([^:]+)/.exec(name) ?? []
  const words = (model ?? name).split(/[-_ ]+/).filter(Boolean)
  const written = words.map(titled).join(' ')
  return owner ? `${written} (${owner})` : written
}

function titled(word: string): string {
  if (abbreviations.includes(word)) return word.toUpperCase()
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** Return a name that is read from left to right, also among words that are not. */
const apart = (name: string, language: string): string =>
  language.startsWith('ar') ? `\u2066${name}\u2069` : name

function tellLeft(seconds: null | number, status: Status, language: string): null | string {
  if (seconds === null) return null
  const key = `left.${status}`
  return isTranslationKey(key)
    ? translate(language, key, { time: formatEstimate(seconds, language) })
    : null
}

/** Return a length of time as roughly as it is known. */
export function formatEstimate(seconds: number, language: string): string {
  if (seconds < 50) return inUnits(Math.max(10, Math.ceil(seconds / 10) * 10), 'second', language)
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 90) return inUnits(minutes, 'minute', language)
  return inUnits(Math.round(minutes / 60), 'hour', language)
}

function inUnits(value: number, unit: 'hour' | 'minute' | 'second', language: string): string {
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value)
}
