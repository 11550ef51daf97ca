/**
 * Writes the plugin's types from the JSON Schemas of `specs/`:
 * `node scripts/generateEvents.mjs [--check]`. With `--check` nothing is
 * written; files that differ are named and the exit status is 1.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { compile } from 'json-schema-to-typescript'
import { format } from 'prettier'

const specs = new URL('../../../specs/', import.meta.url)
const generated = new URL('../src/generated/', import.meta.url)
const style = JSON.parse(await readFile(new URL('../.prettierrc.json', import.meta.url), 'utf8'))

const read = async (name) => JSON.parse(await readFile(new URL(name, specs), 'utf8'))

const events = await read('events.schema.json')
const writeback = await read('writeback.schema.json')

/** One document with the definitions of both, so that shared types are written once. */
const union = {
  title: 'Wire',
  oneOf: [...events.oneOf, ...writeback.oneOf],
  $defs: { ...events.$defs, ...writeback.$defs },
}
const named = JSON.parse(
  JSON.stringify(union, (key, value) => {
    if (key === 'discriminator') return undefined
    // A default beside a reference would make the generator write the type a second time.
    return value?.$ref ? { $ref: value.$ref } : value
  }),
)
named.$defs.CmsEvent = { ...named.oneOf.shift(), title: 'CmsEvent' }
named.oneOf.unshift({ $ref: '#/$defs/CmsEvent' })
for (const [name, definition] of Object.entries(named.$defs)) definition.title = name

const banner =
  '/** Generated from specs/*.schema.json by `npm run generate:events`; do not edit. */'
const types = await compile(named, 'Wire', {
  additionalProperties: false,
  bannerComment: banner,
  format: false,
})

/** What a film's timeline is, by itself: a player needs nothing else. */
const preview = await read('preview.schema.json')
for (const [name, definition] of Object.entries(preview.$defs)) {
  definition.title = name
  delete definition.properties?.view?.discriminator
}
const timeline = await compile({ ...preview, title: 'Timeline' }, 'Timeline', {
  additionalProperties: false,
  bannerComment: banner,
  format: false,
})

const files = {
  'events.ts': types,
  'timeline.ts': timeline,
  'writebackSchema.ts': `${banner}\nexport const writebackSchema = ${JSON.stringify(writeback)} as const`,
}

const stale = []
for (const [name, content] of Object.entries(files)) {
  const path = new URL(name, generated)
  const wanted = await format(content, { ...style, parser: 'typescript' })
  const present = await readFile(path, 'utf8').catch(() => '')
  if (present === wanted) continue
  stale.push(name)
  if (!process.argv.includes('--check')) await writeFile(path, wanted)
}
process.stdout.write(`events: ${stale.join(', ') || 'up to date'}\n`)
process.exitCode = stale.length > 0 && process.argv.includes('--check') ? 1 : 0
