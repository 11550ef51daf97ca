/** The package that `npm pack` makes: what is in it, and that it compiles and starts where it is installed. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')

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
}, 120_000)
afterAll(() => rm(directory, { recursive: true }))

test('it holds what is built, its licence and its manual, and nothing of the workshop', () => {
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
  const others = files.filter((name) => !/^dist\/.*\.(js|d\.ts|css)$/.test(name))
  expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json'])
})

test('every export names files that are there', () => {
  expect(Object.keys(manifest.exports)).toEqual(['.', './client', './rsc', './package.json'])
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
  const [app, options] = [...manual.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code)
  await writeFile(path.join(directory, 'payload.config.ts'), app ?? '')
  await writeFile(
    path.join(directory, 'options.ts'),
    `import { reelwright } from 'payload-plugin-reelwright'
import { VideoPanel } from 'payload-plugin-reelwright/client'
import { StatusCell } from 'payload-plugin-reelwright/rsc'
export const plugin = ${options ?? ''}
export const components = [VideoPanel, StatusCell]
// @ts-expect-error there is no such option
reelwright({ bridge: 'https://bridge.example.org' })
// @ts-expect-error nor is it anything: types that nothing could be resolved to allow all
export const number: number = VideoPanel
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
    }
    await writeFile(
      path.join(directory, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['payload.config.ts', 'options.ts'] }),
    )
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [compiler, '-p', directory]).catch(
      (error: unknown) => error as { stdout: string },
    )
    expect(stdout).toBe('')
  }
}, 60_000)

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
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('REELWRIGHT_'))
  const { stdout } = await run(process.execPath, ['start.mjs'], {
    cwd: directory,
    env: Object.fromEntries(outside) as NodeJS.ProcessEnv,
  })
  for (const name of ['BRIDGE_URL', 'WEBHOOK_SECRET', 'API_KEY']) {
    expect(stdout).toContain(`(set REELWRIGHT_${name})`)
  }
  const map = await readFile(path.join(directory, 'map.js'), 'utf8')
  expect(map).toContain("from 'payload-plugin-reelwright/client'")
  expect(map).toContain("from 'payload-plugin-reelwright/rsc'")
}, 60_000)

test('the manual tells of every option', async () => {
  const [manual, options, licence] = await Promise.all(
    ['README.md', 'src/options.ts', '../../LICENSE'].map((name) =>
      readFile(path.join(root, name), 'utf8'),
    ),
  )
  const names = [...(options ?? '').matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name ?? '')
  expect(names.length).toBeGreaterThan(15)
  expect(names.filter((name) => !new RegExp(`[\`.]${name}[\`.]`).test(manual ?? ''))).toEqual([])
  expect(await readFile(path.join(packed, 'LICENSE'), 'utf8')).toBe(licence)
})
