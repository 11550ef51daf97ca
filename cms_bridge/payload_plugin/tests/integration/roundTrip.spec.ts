/** Nothing that a storyboard says is lost on its way into the CMS, through an edit, and back. */
import type { Storyboard, StoryboardChange } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { anyStoryboard } from '../support/anyStoryboard.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { storyboardWrite } from '../support/samples.ts'
import wholeStoryboard from '../support/wholeStoryboard.json' with { type: 'json' }

const bridge = new Bridge()
const whole = wholeStoryboard as unknown as Storyboard
let cms: Cms

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({ bridgeUrl: bridge.url })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})

/** Write a storyboard as the service does, and return its document. */
async function written(storyboard: Storyboard): Promise<Doc> {
  const video = await cms.makeVideo({ stage: 'submitted' })
  const { body } = await cms.putStoryboard(storyboardWrite(video, { storyboard }))
  return cms.read('storyboards', body.id)
}

/** Save some fields, and return the storyboard that the next event carries. */
async function sentAfter(id: unknown, changes: object): Promise<Storyboard> {
  const { revision } = await cms.change('storyboards', id, changes)
  return vi.waitFor(() => {
    const changed = bridge.received
      .map(({ event }) => event.data as StoryboardChange)
      .find((data) => data.storyboardId === String(id) && data.revision === revision)
    if (!changed) throw new Error('Nothing was sent yet.')
    return changed.storyboard
  })
}

type Row = Record<string, unknown>

test('with every field set, it comes out as it went in', async () => {
  const { id } = await written(whole)
  expect(await sentAfter(id, { decision: 'approved' })).toEqual(whole)
  expect(await sentAfter(id, { title: 'Another' })).toEqual({ ...whole, title: 'Another' })
})

test.for(Array.from({ length: 12 }, (_, seed) => seed))(
  'whatever the schema allows comes out as it went in (%d)',
  async (seed) => {
    const storyboard = anyStoryboard(seed)
    const { id } = await written(storyboard)
    expect(await sentAfter(id, { decision: 'approved' })).toEqual(storyboard)
  },
)

test('an edit of one scene leaves what it does not name, and every other scene', async () => {
  const { id, scenes } = await written(whole)
  const rows = (scenes as Row[]).map((row) => ({ id: row.id }))
  const edited = [{ ...rows[0], narration: 'Every single morning.' }, ...rows.slice(1)]
  const [first, ...others] = whole.scenes
  expect(await sentAfter(id, { scenes: edited })).toEqual({
    ...whole,
    scenes: [{ ...first, narration: 'Every single morning.' }, ...others],
  })
})

test('the editor’s choices are sent as the service reads them', async () => {
  const { id, scenes } = await written(whole)
  const [clip, solid, gradient] = scenes as Row[]
  const sent = await sentAfter(id, {
    captions: 'box',
    scenes: [
      { ...clip, caption: { words: 'narration' }, background: { kind: 'solid' } },
      { ...solid, caption: { words: 'own', text: 'Silence.' }, background: { kind: 'picture' } },
      { ...gradient, caption: { words: 'none' }, transition: 'slide_up', focus: { x: 0.2, y: 1 } },
    ],
  })
  expect(sent).toMatchObject({
    captions: 'box',
    scenes: [
      // No colour chosen: the video's own; and a scene on a colour shows no clip.
      { caption: null, background: { kind: 'solid', colour: '#101010' }, clip: null },
      { caption: 'Silence.', background: null },
      { caption: '', transition: 'slide_up', focus: { x: 0.2, y: 1 } },
    ],
  })
})

test('the label that it was made with AI can be taken off and put on, before or after', async () => {
  const { id } = await written({ ...whole, disclosure: false })
  expect((await sentAfter(id, { decision: 'approved' })).disclosure).toBe(false)
  expect(await sentAfter(id, { disclosure: true })).toEqual(whole)
})

test('a clip is back once the scene is no longer on a colour', async () => {
  const { id, scenes } = await written(whole)
  const [first, ...others] = scenes as Row[]
  const plain = { ...first, background: { kind: 'solid' } }
  expect((await sentAfter(id, { scenes: [plain, ...others] })).scenes[0]?.clip).toBeNull()
  const shown = { ...plain, background: { kind: 'picture' } }
  expect(await sentAfter(id, { scenes: [shown, ...others] })).toEqual(whole)
})

test('a new scene has what suits most', async () => {
  const { id, scenes } = await written(whole)
  const sent = await sentAfter(id, { scenes: [...(scenes as Row[]), { narration: 'New.' }] })
  expect(sent.scenes.at(-1)).toMatchObject({
    narration: 'New.',
    motion: 'zoom_in',
    transition: 'crossfade',
    transitionSeconds: null,
    transitionColour: '#000000',
    textStyle: 'lower_third',
    focus: { x: 0.5, y: 0.5 },
    clip: null,
    background: null,
    caption: null,
    ingredients: [],
  })
})

test.for([
  ['a transition of no time', { transitionSeconds: 0 }, 'More than 0 and at most 5 seconds.'],
  ['one that never ends', { transitionSeconds: 5.5 }, 'More than 0 and at most 5 seconds.'],
  [
    'a direction past a whole turn',
    { background: { kind: 'gradient', angle: 360 } },
    'At least 0 and less than 360 degrees.',
  ],
  [
    'a colour that is none',
    { background: { kind: 'solid', colour: 'red' } },
    'Write a colour such as #14213d.',
  ],
] as const)('%s is refused', async ([, scene, message]) => {
  const { id, scenes } = await written(whole)
  const [first, ...others] = scenes as Row[]
  const { body, status } = await cms.ask<{ errors: { data: { errors: Row[] } }[] }>(
    'PATCH',
    `/storyboards/${String(id)}`,
    { scenes: [{ ...first, ...scene }, ...others] },
  )
  expect(status).toBe(400)
  expect(body.errors[0]?.data.errors).toMatchObject([{ message }])
})
