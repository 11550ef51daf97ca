/** The plain server as a process: killed at any moment, it loses nothing. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { plugin, secret, user } from '../support/constants.ts'

let bridge: Bridge
let directory: string
let server: ChildProcess | undefined

beforeEach(async () => {
  bridge = await new Bridge().start()
  directory = await mkdtemp(path.join(os.tmpdir(), 'reelwright-process-'))
  await copyFile(inject('templateDatabase'), path.join(directory, 'cms.sqlite'))
})
afterEach(async () => {
  await stop('SIGKILL')
  await bridge.stop()
  await rm(directory, { recursive: true })
})

/** Start the server as `npm run dev:server` does, and return its address. */
async function start(): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'dev/server.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      DATABASE_URI: `file:${directory}/cms.sqlite`,
      PAYLOAD_SECRET: secret,
      PORT: '0',
      REELWRIGHT_BRIDGE_URL: bridge.url,
      REELWRIGHT_WEBHOOK_SECRET: plugin.webhookSecret,
      REELWRIGHT_API_KEY: plugin.apiKey,
    },
  })
  server = child
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready (\S+)$/.exec(line)?.[1]
    if (url) return url
  }
  throw new Error('The server ended before it was ready.')
}

async function stop(signal: NodeJS.Signals): Promise<number | null> {
  if (server?.exitCode !== null || server.signalCode !== null) return null
  const ended = once(server, 'exit') as Promise<[number | null]>
  server.kill(signal)
  return (await ended)[0]
}

async function submitVideo(url: string): Promise<void> {
  const post = async (
    place: string,
    body: object,
    token = '',
  ): Promise<{ doc: { id: number }; token: string }> => {
    const response = await fetch(`${url}/api/${place}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: token }) },
      body: JSON.stringify(body),
    })
    expect(response.ok).toBe(true)
    return (await response.json()) as { doc: { id: number }; token: string }
  }
  const token = `JWT ${(await post('users/login', user)).token}`
  const { doc } = await post('projects', { name: 'Harbour tours' }, token)
  await post('videos', { title: 'T', project: doc.id, script: 'Words.', stage: 'submitted' }, token)
}

test('an event outlives a killed server and is sent before anybody asks the next one', async () => {
  await bridge.stop()
  await submitVideo(await start())
  await stop('SIGKILL')
  expect(bridge.received).toEqual([])

  await bridge.start()
  await start()

  await vi.waitFor(
    () => {
      expect(bridge.types).toEqual(['video.submitted'])
    },
    { timeout: 15_000 },
  )
})

test('SIGTERM ends it at once and in good order', async () => {
  await start()
  const before = Date.now()
  expect(await stop('SIGTERM')).toBe(0)
  expect(Date.now() - before).toBeLessThan(2_000)
})
