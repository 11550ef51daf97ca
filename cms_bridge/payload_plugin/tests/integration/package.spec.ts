/** The package that `npm pack` makes: what is in it, and that it compiles and starts where it is installed. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')

/** Who installed the package, without any of its variables. */
const visitor = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('REELWRIGHT_')),
) as NodeJS.ProcessEnv

interface Manifest {
  exports: Record<string, string | Record<string, string>>
  files: string[]
}

let directory: string
let packed: string
let files: string[]
let manifest: Manifest

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'reelwright-package-'))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory], {
    cwd: root,
  })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  const modules = path.join(directory, 'node_modules')
  packed = path.join(modules, 'payload-plugin-reelwright')
  await mkdir(packed, { recursive: true })
  const archive = path.join(directory, filename)
  await run('tar', ['-xzf', archive, '-C', packed, '--strip-components=1'])
  files = (await readdir(packed, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(packed, path.join(entry.parentPath, entry.name)))
  manifest = JSON.parse(await readFile(path.join(packed, 'package.json'), 'utf8')) as Manifest
  // Beside it what an application has: Payload, React and their like.
  for (const name of await readdir(path.join(root, 'node_modules'))) {
    if (!name.startsWith('.')) {
      await symlink(path.join(root, 'node_modules', name), path.join(modules, name))
    }
  }
  await writeFile(path.join(directory, 'package.json'), '{"type":"module"}')
})
afterAll(() => rm(directory, { recursive: true }))

test('it holds what is built, its licence and its manual, and nothing of the workshop', () => {
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
  const others = files.filter((name) => !/^dist\/.*\.(js|d\.ts|css)$/.test(name))
  expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json'])
})

test('every export names files that are there', () => {
  expect(Object.keys(manifest.exports)).toEqual([
    '.',
    './client',
    './rsc',
    './player',
    './package.json',
  ])
  const named = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  expect(files).toEqual(expect.arrayContaining(named.map((name) => path.normalize(name))))
})

test('every file that a file of it imports is there', async () => {
  const missing: string[] = []
  for (const name of files.filter((each) => each.endsWith('.js'))) {
    const text = await readFile(path.join(packed, name), 'utf8')
    for (const [, target] of text.matchAll(/(?:from|import) '(\.[^']+)'/g)) {
      const file = path.join(path.dirname(name), target ?? '')
      if (!files.includes(file)) missing.push(`${name}: ${String(target)}`)
    }
  }
  expect(missing).toEqual([])
})

test('the lines of the manual compile in strict TypeScript, and the types are real', async () => {
  const manual = await readFile(path.join(packed, 'README.md'), 'utf8')
  const [app, ...options] = [...manual.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code)
  const [page] = [...manual.matchAll(/```tsx\n([\s\S]*?)```/g)].map(([, code]) => code)
  await writeFile(path.join(directory, 'payload.config.ts'), app ?? '')
  await writeFile(path.join(directory, 'page.tsx'), page ?? '')
  await writeFile(
    path.join(directory, 'options.ts'),
    `import { reelwright } from 'payload-plugin-reelwright'
import { VideoPanel } from 'payload-plugin-reelwright/client'
import { ReelwrightPlayer } from 'payload-plugin-reelwright/player'
import { StatusCell } from 'payload-plugin-reelwright/rsc'
export const plugins = [${options.map((code) => code?.trim()).join(', ')}]
export const components = [VideoPanel, StatusCell]
// @ts-expect-error there is no such option
reelwright({ bridge: 'https://bridge.example.org' })
// @ts-expect-error nor is it anything: types that nothing could be resolved to allow all
export const number: number = VideoPanel
// @ts-expect-error there is no such property
ReelwrightPlayer({ rendition: null, film: null })
`,
  )
  for (const [module, moduleResolution] of [
    ['esnext', 'bundler'],
    ['nodenext', 'nodenext'],
  ]) {
    const compilerOptions = {
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
      ...{ module, moduleResolution, target: 'es2022', jsx: 'react-jsx', types: ['node'] },
      ...{ skipLibCheck: true, noEmit: true, incremental: false, lib: ['es2023', 'dom'] },
      paths: { '@payload-config': ['./payload.config.ts'] },
    }
    await writeFile(
      path.join(directory, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['payload.config.ts', 'options.ts', 'page.tsx'] }),
    )
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [compiler, '-p', directory]).catch(
      (error: unknown) => error as { stdout: string },
    )
    expect(stdout).toBe('')
  }
})

test('without its variables it makes the import map, and names them when the server starts', async () => {
  await writeFile(
    path.join(directory, 'start.mjs'),
    `import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, generateImportMap, getPayload } from 'payload'
import { reelwright } from 'payload-plugin-reelwright'
process.env.ROOT_DIR = import.meta.dirname
const config = await buildConfig({
  admin: { importMap: { baseDir: import.meta.dirname, importMapFile: import.meta.dirname + '/map.js' } },
  collections: [{ slug: 'members', auth: true, fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:' + import.meta.dirname + '/cms.sqlite' }, push: false }),
  plugins: [reelwright()],
  secret: 'tests-only',
  typescript: { autoGenerate: false },
})
await generateImportMap(config, { force: true, log: false })
try {
  await getPayload({ config, cron: false })
} catch (error) {
  console.log(error.message)
}
process.exit(0)
`,
  )
  const { stdout } = await run(process.execPath, ['start.mjs'], {
    cwd: directory,
    env: visitor,
  })
  for (const name of ['BRIDGE_URL', 'WEBHOOK_SECRET', 'API_KEY']) {
    expect(stdout).toContain(`(set REELWRIGHT_${name})`)
  }
  const map = await readFile(path.join(directory, 'map.js'), 'utf8')
  expect(map).toContain("from 'payload-plugin-reelwright/client'")
  expect(map).toContain("from 'payload-plugin-reelwright/rsc'")
})

test('an application shows the film of a video on a page that anybody sees', async () => {
  await writeFile(
    path.join(directory, 'page.mjs'),
    `import { createServer } from 'node:http'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, getPayload } from 'payload'
import { findFilm, reelwright } from 'payload-plugin-reelwright'
import { ReelwrightPlayer } from 'payload-plugin-reelwright/player'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
const config = await buildConfig({
  collections: [{ slug: 'members', auth: true, fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:' + import.meta.dirname + '/page.sqlite' } }),
  plugins: [reelwright({
    apiKey: 'key', bridgeUrl: 'http://127.0.0.1:9', deliver: { pollMs: 0 },
    webhookSecret: 'whsec_' + Buffer.alloc(32).toString('base64'),
  })],
  secret: 'tests-only',
  typescript: { autoGenerate: false },
})
const payload = await getPayload({ config, cron: false })
const make = (collection, data) => payload.create({ collection, data })
const { id: project } = await make('projects', { name: 'Harbour tours' })
const { id: video } = await make('videos', { title: 'Hours', script: 'At nine.', project })
await make('renditions', {
  video, jobId: 'job', submission: 1, sequence: 1, status: 'completed', progress: 100,
  actualCost: '0.1234', transcript: 'Hours\\n\\nAt nine.\\n',
  file: { language: 'en', alt: 'Opening hours', width: 16, height: 9, bytes: 1, duration: 1 },
})
const server = createServer(async (_, response) => {
  const rendition = await findFilm(payload, video)
  response.end(renderToString(createElement(ReelwrightPlayer, { rendition })))
})
server.listen(0, '127.0.0.1', async () => {
  const page = await fetch('http://127.0.0.1:' + server.address().port)
  console.log('PAGE ' + await page.text())
  process.exit(0)
})
`,
  )
  const { stdout } = await run(process.execPath, ['page.mjs'], { cwd: directory, env: visitor })
  const [, html = ''] = /^PAGE (.*)$/m.exec(stdout) ?? []
  expect(html).toContain('<video aria-label="Opening hours"')
  expect(html).toMatch(/<source src="\/api\/reelwright\/renditions\/\d+\/video"/)
  expect(html).toMatch(/<track kind="captions"[^>]* srcLang="en"/)
  expect(html).toContain('<p>At nine.</p></details>')
  expect(html).not.toContain('0.1234')
})

test('a site that has React alone can load the player, and its browser only what runs there', async () => {
  const site = await mkdtemp(path.join(os.tmpdir(), 'reelwright-site-'))
  try {
    const modules = path.join(site, 'node_modules')
    await cp(packed, path.join(modules, 'payload-plugin-reelwright'), { recursive: true })
    for (const name of ['react', 'react-dom']) {
      await symlink(path.join(root, 'node_modules', name), path.join(modules, name))
    }
    const script = `import { ReelwrightPlayer } from 'payload-plugin-reelwright/player'
console.log(typeof ReelwrightPlayer)`
    await writeFile(path.join(site, 'site.mjs'), script)
    const { stdout } = await run(process.execPath, ['site.mjs'], { cwd: site, env: visitor })
    expect(stdout.trim()).toBe('function')
  } finally {
    await rm(site, { recursive: true })
  }
  const first = async (name: string): Promise<string> =>
    (await readFile(path.join(packed, 'dist/player', name), 'utf8')).slice(0, 12)
  expect(await first('FilmPlayer.js')).toBe("'use client'")
  expect(await first('ReelwrightPlayer.js')).not.toBe("'use client'")
})

test('the manual tells of every option and property', async () => {
  const [manual, options, licence] = await Promise.all(
    ['README.md', 'src/options.ts', '../../LICENSE'].map((name) =>
      readFile(path.join(root, name), 'utf8'),
    ),
  )
  const names = [...(options ?? '').matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name ?? '')
  expect(names.length).toBeGreaterThan(15)
  expect(names.filter((name) => !new RegExp(`[\`.]${name}[\`.]`).test(manual ?? ''))).toEqual([])
  expect(await readFile(path.join(packed, 'LICENSE'), 'utf8')).toBe(licence)
  const player = await readFile(path.join(packed, 'dist/player/ReelwrightPlayer.d.ts'), 'utf8')
  const props = [...player.matchAll(/^ {4}(\w+)\??:/gm)].map(([, name]) => name ?? '')
  expect(props.length).toBeGreaterThan(8)
  expect(props.filter((name) => !(manual ?? '').includes(`| \`${name}\``))).toEqual([])
})

test('the manual tells those who upgrade of every field that was added', async () => {
  const manual = await readFile(path.join(packed, 'README.md'), 'utf8')
  const [, upgrading = ''] = /\n## Upgrading\n([\s\S]*?)\n## /.exec(manual) ?? []
  for (const name of ['bridge', 'daemons', 'plugin', 'generate:importmap', 'migrate:create']) {
    expect(upgrading).toContain(name)
  }
  const listed = new Map(
    [...upgrading.matchAll(/^\| `(\S+)`[^|]*\|(.*)\|$/gm)].map(([, table = '', fields = '']) => [
      table.replace('-', '_'),
      [...fields.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    ]),
  )
  // Those of this repository's own application, from its first one on.
  const migrations = path.join(root, 'dev/migrations')
  const texts = await Promise.all(
    (await readdir(migrations))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFile(path.join(migrations, name), 'utf8')),
  )
  const added = texts
    .flatMap((text) => [...text.matchAll(/ALTER TABLE \\`([a-z]\w*)\\` ADD \\`(\w+)\\`/g)])
    .map(([, table = '', column = '']) => ({ table: table.replace(/^storyboards_/, ''), column }))
    .filter(({ table }) => !table.startsWith('payload_'))
  expect(added.length).toBeGreaterThan(50)
  const camel = (column: string): string =>
    column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const missing = added.filter(({ column, table }) => {
    const names = listed.get(table) ?? []
    // A column of a group begins with the group's name, and one of a relationship ends in `_id`.
    return !names.some((name) => name && camel(column).startsWith(name))
  })
  expect(missing).toEqual([])
})
