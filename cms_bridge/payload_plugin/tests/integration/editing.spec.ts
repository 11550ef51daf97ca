/** Editing: what may be written by whom, and what an editor is told. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { inOrder } from '../../src/admin/board/model.ts'
import { type AskOfStoryboard, saveScenes } from '../../src/admin/video/saveScenes.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

const bridge = new Bridge()
let cms: Cms
let mayApprove = true

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({
    bridgeUrl: bridge.url,
    plugin: { access: { approve: () => mayApprove }, limits: { maxScriptChars: 50, maxScenes: 3 } },
  })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})

interface Refusal {
  errors: { data?: { errors: { message: string; path: string }[] }; message: string }[]
}

async function refusal(
  method: string,
  path: string,
  data: object,
  language = 'en',
): Promise<{ message: string; path: string; status: number }> {
  const { body, status } = await cms.ask<Refusal>(method, path, data, { language })
  const [first] = body.errors
  const { message, path: field } = first?.data?.errors[0] ?? { message: first?.message, path: '' }
  return { status, message: message ?? '', path: field }
}

describe('submitting', () => {
  test.for(['', '   \n\t ', '\u0007\u0000', '\u00a0'])(
    'says what is missing for the script %j',
    async (script) => {
      const video = await cms.makeVideo({ script })
      const told = await refusal('PATCH', `/videos/${String(video.id)}`, { stage: 'submitted' })
      expect(told).toEqual({
        status: 400,
        path: 'script',
        message: 'There is nothing to say. Write a script or at least a brief.',
      })
      expect(await cms.read('videos', video.id)).toMatchObject({ stage: 'draft', submission: 0 })
    },
  )

  test.for([
    ['de', 'Es gibt nichts zu sagen'],
    ['fr', 'Il n’y a rien à dire'],
    ['es', 'No hay nada que decir'],
  ] as const)('says it in the editor’s language: %s', async ([language, words]) => {
    const video = await cms.makeVideo({ script: '' })
    const path = `/videos/${String(video.id)}`
    const told = await refusal('PATCH', path, { stage: 'submitted' }, language)
    expect(told.message).toContain(words)
  })

  test('is enough with a brief alone, in any script of the world', async () => {
    const video = await cms.makeVideo({ script: '', brief: 'مرحبا 你好 👋🏽 שלום' })
    await cms.change('videos', video.id, { stage: 'submitted' })
  })

  test('counts characters and not bytes or halves of emoji', async () => {
    await cms.makeVideo({ script: '👋'.repeat(50) })
    const project = await cms.make('projects', { name: 'P' })
    const told = await refusal('POST', '/videos', {
      title: 'T',
      project: project.id,
      script: '👋'.repeat(51),
    })
    expect(told).toMatchObject({ path: 'script', message: 'At most 50 characters; this is 51.' })
  })

  test('drops NUL, which no database keeps, and leaves the rest of the text alone', async () => {
    const video = await cms.makeVideo({ script: 'a\u0000b‏\u200dc' })
    expect((await cms.read('videos', video.id)).script).toBe('ab‏\u200dc')
  })

  test.for(['retry', 'cancelled'])('must come before %s', async (stage) => {
    const video = await cms.makeVideo()
    const told = await refusal('PATCH', `/videos/${String(video.id)}`, { stage })
    expect(told).toMatchObject({ status: 400, message: 'This video was never submitted.' })
  })

  test('knows no other stage', async () => {
    const video = await cms.makeVideo()
    const told = await refusal('PATCH', `/videos/${String(video.id)}`, { stage: 'published' })
    expect(told).toMatchObject({ status: 400, path: 'stage' })
  })
})

describe('a storyboard', () => {
  async function draft(): Promise<Doc> {
    const video = await cms.makeVideo({ stage: 'submitted' })
    const { body } = await cms.putStoryboard(storyboardWrite(video))
    return cms.read('storyboards', body.id)
  }

  test.for([
    [0, 'A storyboard needs at least one scene.'],
    [4, 'At most 3 scenes; these are 4.'],
  ] as const)('with %d scenes is refused', async ([count, message]) => {
    const { id } = await draft()
    const scenes = Array.from({ length: count }, () => ({ narration: 'Words.' }))
    const told = await refusal('PATCH', `/storyboards/${String(id)}`, { scenes })
    expect(told).toMatchObject({ status: 400, path: 'scenes', message })
  })

  test.for([0, -1, 601])('with a scene of %d seconds is refused', async (duration) => {
    const { id } = await draft()
    const told = await refusal('PATCH', `/storyboards/${String(id)}`, { scenes: [{ duration }] })
    expect(told).toMatchObject({
      status: 400,
      message: 'More than 0 and at most 600 seconds.',
    })
  })

  test('is approved only by those who may', async () => {
    const { id } = await draft()
    mayApprove = false
    const told = await refusal('PATCH', `/storyboards/${String(id)}`, { decision: 'approved' })
    expect(told.status).toBe(403)
    expect(await cms.read('storyboards', id)).toMatchObject({ decision: 'pending', revision: 0 })
    mayApprove = true
    await cms.change('storyboards', id, { decision: 'approved' })
  })

  test('keeps what belongs to the service, whatever a user sends', async () => {
    const storyboard = await draft()
    const saved = await cms.change('storyboards', storyboard.id, {
      jobId: 'mine',
      revision: 99,
      estimatedCost: '-1',
      approvedBy: 'somebody else',
      submission: 7,
    })
    expect(saved).toMatchObject({
      jobId: storyboard.jobId,
      revision: 0,
      estimatedCost: '0.00',
      submission: 1,
    })
    expect(saved.approvedBy ?? null).toBeNull()
  })
})

test('counters of a video are not for users to write', async () => {
  const video = await cms.makeVideo({ submission: 5, retries: 5 })
  expect(video).toMatchObject({ submission: 0, retries: 0 })
  const saved = await cms.change('videos', video.id, { submission: 5, retries: 5 })
  expect(saved).toMatchObject({ submission: 0, retries: 0 })
})

test.for(['storyboards', 'renditions', 'reelwright-outbox'])(
  'nobody creates %s by hand',
  async (collection) => {
    expect((await cms.ask('POST', `/${collection}`, { jobId: 'x' })).status).toBe(403)
  },
)

test('nobody rewrites an event, or of a rendition what the service says', async () => {
  const video = await cms.makeVideo({ stage: 'submitted' })
  const write = renditionWrite(video)
  const id = String((await cms.putRendition(write)).body.id)
  const { status } = await cms.read('renditions', id)
  expect(status).not.toBe('completed')
  const forged = { status: 'completed', jobId: 'x', alt: 'A loaf.' }
  await cms.ask('PATCH', `/renditions/${id}`, forged)
  const kept = { status, jobId: write.jobId, alt: 'A loaf.' }
  expect(await cms.read('renditions', id)).toMatchObject(kept)
  const [row] = await cms.outbox()
  const event = `/reelwright-outbox/${String(row?.id)}`
  expect((await cms.ask('PATCH', event, { state: 'queued' })).status).toBe(403)
  expect((await cms.ask('DELETE', event)).status).toBe(403)
})

test.for(['projects', 'videos', 'storyboards', 'renditions', 'reelwright-outbox'])(
  'a stranger sees nothing of %s',
  async (collection) => {
    const { status } = await cms.ask('GET', `/${collection}`, undefined, { anonymous: true })
    expect(status).toBe(403)
  },
)

test('a stranger is not told how a video stands', async () => {
  const video = await cms.makeVideo()
  const path = `/reelwright/videos/${String(video.id)}/status`
  const { status } = await cms.ask('GET', path, undefined, { anonymous: true })
  expect([403, 404]).toContain(status)
})

test('a project with videos is not deleted, and says why', async () => {
  const video = await cms.makeVideo()
  const told = await refusal('DELETE', `/projects/${String(video.project)}`, {})
  expect(told.status).toBe(409)
  expect(told.message).toBe(
    'This project is in use by 1 video, namely “Opening hours”. Delete or move it first.',
  )
})

test('a colour is a colour and a language a language', async () => {
  const wrong = { name: 'P', palette: { accent: 'orange' } }
  expect((await refusal('POST', '/projects', wrong)).message).toBe(
    'Write a colour such as #14213d.',
  )
  const project = await cms.make('projects', { name: 'P' })
  const video = { title: 'T', project: project.id, locale: 'not a tag' }
  expect((await refusal('POST', '/videos', video)).path).toBe('locale')
})

test(
  'what the admin remembers of its rows and lists holds nobody up',
  { timeout: 5_000 },
  async () => {
    const path = '/payload-preferences/collection-storyboards-1'
    const value = { fields: { scenes: { collapsed: [] } } }
    const [kept, saved] = await Promise.all([
      cms.ask('POST', path, { value }),
      cms.make('projects', { name: 'Harbour tours' }),
    ])
    expect(kept.status).toBe(200)
    expect(saved.name).toBe('Harbour tours')
    expect((await cms.ask('GET', path)).body).toMatchObject({ value })
  },
)

describe('a save of scenes while somebody else saves', () => {
  /** Asks as a page does; somebody else saves before each of so many writes. */
  const askWhile = (id: unknown, others: object[]): AskOfStoryboard => {
    const left = [...others]
    return async (init) => {
      const other = init && left.shift()
      if (other) await cms.change('storyboards', id, other)
      return cms.fetch(`/storyboards/${String(id)}?depth=0`, init as never)
    }
  }
  const written = async (): Promise<[id: unknown, rows: Doc[]]> => {
    const { body } = await cms.putStoryboard(
      storyboardWrite(await cms.makeVideo({ stage: 'submitted' })),
    )
    const { scenes } = await cms.read('storyboards', body.id)
    return [body.id, scenes as Doc[]]
  }

  test('keeps the scene that was added meanwhile', async () => {
    const [id, rows] = await written()
    const added = { scenes: [...rows, { narration: 'Come in!' }] }
    const seen = rows.map((row) => String(row.id)).toReversed()
    const saved = await saveScenes(askWhile(id, [added]), (now) => inOrder(now, seen))
    expect(saved?.response?.status).toBe(200)
    const { scenes } = await cms.read('storyboards', id)
    expect((scenes as Doc[]).map(({ narration }) => narration)).toEqual([
      'We close at six.',
      'We open at nine.',
      'Come in!',
    ])
  })

  test('is refused where it happens again, and writes over nothing', async () => {
    const [id, rows] = await written()
    const narrations = (...said: string[]) => ({
      scenes: rows.map((row, index) => ({ ...row, narration: said[index] })),
    })
    const ask = askWhile(id, [narrations('One.', 'Two.'), narrations('Uno.', 'Dos.')])
    const saved = await saveScenes(ask, (now) => now.map((row) => ({ ...row, narration: 'Mine.' })))
    expect(saved?.response?.status).toBe(409)
    const { scenes } = await cms.read('storyboards', id)
    expect((scenes as Doc[]).map(({ narration }) => narration)).toEqual(['Uno.', 'Dos.'])
    expect(await saveScenes(ask, () => null)).toBeNull()
  })
})
