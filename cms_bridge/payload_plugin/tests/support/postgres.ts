/** A real PostgreSQL: its own cluster on a free port, gone with the test that started it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import net, { type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const startTimeoutMs = 120_000

export interface PostgresServer {
  /** The address of an empty database. */
  url: string
  stop: () => Promise<void>
}

export async function startPostgres(): Promise<PostgresServer> {
  const binaries = await findBinaries()
  const directory = await mkdtemp(path.join(os.tmpdir(), 'reelwright-postgres-'))
  const owner = await unprivileged()
  if (owner !== undefined) await chown(directory, owner, -1)
  const options = { cwd: directory, ...(owner !== undefined && { uid: owner }) }
  const data = path.join(directory, 'data')
  const initialise = ['-D', data, '-U', 'reelwright', '-A', 'trust', '--no-sync', '--locale=C']
  await run(path.join(binaries, 'initdb'), [...initialise, '--encoding=UTF8'], options)
  const port = await freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    // Nothing in a test has to survive a crash, so nothing waits for a disk.
    ...['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'],
  ]
  const server = spawn(
    path.join(binaries, 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...options, stdio: 'ignore' },
  )
  const stop = async (): Promise<void> => {
    if (server.exitCode === null) {
      // Immediate shutdown: there is nothing to save.
      server.kill('SIGQUIT')
      await once(server, 'exit')
    }
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await reachable(server, port)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `postgresql://reelwright@127.0.0.1:${String(port)}/postgres`, stop }
}

/** Return the folder of this machine's newest server. */
async function findBinaries(): Promise<string> {
  const root = '/usr/lib/postgresql'
  const versions = await readdir(root).catch(() => [])
  const newest = versions.toSorted((one, other) => Number(other) - Number(one))[0]
  if (newest) return path.join(root, newest, 'bin')
  const { stdout } = await run('which', ['postgres']).catch(() => ({ stdout: '' }))
  if (stdout) return path.dirname(stdout.trim())
  throw new Error('These tests need a PostgreSQL server: apt-get install postgresql')
}

/** The server refuses to run as root: return who runs it then. */
async function unprivileged(): Promise<number | undefined> {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    const { stdout } = await run('id', ['-u', name]).catch(() => ({ stdout: '' }))
    if (stdout) return Number(stdout)
  }
  throw new Error('PostgreSQL cannot run as root, and there is no user postgres or nobody.')
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

async function reachable(server: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + startTimeoutMs
  while (server.exitCode === null && Date.now() < deadline) {
    const connected = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (connected) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('PostgreSQL did not start.')
}
