/** What people do to videos. */
import fc from 'fast-check'
import type { StageRequest } from 'payload-plugin-reelwright'
import { expect } from 'vitest'

import type { Doc } from '../cms.ts'
import {
  act,
  type Act,
  anAlive,
  create,
  localeOf,
  map,
  noteTitles,
  number,
  pick,
  readVideo,
  saveVideo,
  some,
  stage,
  taken,
  versionOf,
  word,
} from './desk.ts'
import { type Intent, Video } from './intent.ts'

const mostVideos = 4
const inTrash = (intent: Intent): Video[] => intent.alive.filter((video) => video.inTrash)
const atHand = (intent: Intent): Video[] => intent.alive.filter((video) => !video.inTrash)

/** One command of every kind, for a desk with so many films. */
export function videoActs(films: readonly string[], drafts: boolean): fc.Arbitrary<Act>[] {
  const film = fc.constantFrom(...films)

  const another = map(fc.tuple(word, fc.constantFrom('draft', 'submitted')), (title, asked) =>
    act(
      `create ${title} ${asked}`,
      (intent) => intent.alive.length < mostVideos,
      (intent, desk) => create(intent, desk, title, asked),
    ),
  )

  const type = map(fc.tuple(number, film, word), (n, name, title) =>
    act(`save ${String(n)} ${name} ${title}`, anAlive, async (intent, desk) => {
      const video = pick(intent.alive, n)
      taken(await saveVideo(desk, video, { title }, { film: name }))
      video.titles[name] = title
      if (video.inTrash) intent.stopAll(video)
      desk.seen.get(video.id)?.push(await readVideo(desk.cms, video, drafts))
    }),
  )

  const autosave = map(fc.tuple(number, number, stage, word), (n, k, asked, title) =>
    act(
      `autosave ${String(n)} as of ${String(k)}, ${asked} ${title}`,
      some(atHand),
      async (intent, desk) => {
        const video = pick(atHand(intent), n)
        const { submission } = pick(desk.seen.get(video.id) ?? [], k)
        const data = { title, stage: asked, submission }
        taken(await saveVideo(desk, video, data, { query: '&autosave=true' }))
        video.titles[''] = title
      },
    ),
  )

  const ask = map(fc.tuple(number, film, stage, fc.option(word)), (n, name, asked, title) =>
    act(`ask ${String(n)} ${name} ${asked} ${title ?? ''}`, anAlive, async (intent, desk) => {
      const video = pick(intent.alive, n)
      const data = { stage: asked, ...(title && { title }) }
      const answer = await saveVideo(desk, video, data, { film: name })
      const isTaken = intent.ask(video, name, asked, title ?? video.titles[name] ?? '')
      expect(answer.status).toBe(isTaken ? 200 : 400)
      if (isTaken && title) video.titles[name] = title
    }),
  )

  const askAll = map(fc.tuple(film, stage), (name, asked) =>
    act(`ask all ${name} ${asked}`, anAlive, async (intent, desk) => {
      const ids = intent.alive.map(({ id }) => String(id)).join(',')
      const query = `depth=0${drafts ? '&draft=true' : ''}${localeOf(desk, name)}`
      await desk.cms.ask('PATCH', `/videos?where[id][in]=${ids}&${query}`, { stage: asked })
      for (const video of intent.alive) {
        if (!video.inTrash) intent.ask(video, name, asked, video.titles[name] ?? '')
      }
    }),
  )

  const together = map(
    fc.tuple(number, film, fc.constantFrom<StageRequest>('submitted', 'cancelled')),
    (n, name, asked) =>
      act(`three ask ${String(n)} ${name} ${asked}`, anAlive, async (intent, desk) => {
        const video = pick(intent.alive, n)
        const save = () => saveVideo(desk, video, { stage: asked }, { film: name })
        await Promise.all([save(), save(), save()])
        intent.ask(video, name, asked, video.titles[name] ?? '')
      }),
  )

  const trash = map(fc.tuple(number, fc.boolean()), (n, all) =>
    act(`trash ${all ? 'all' : String(n)}`, anAlive, async (intent, desk) => {
      const those = all ? intent.alive : [pick(intent.alive, n)]
      const fresh = those.filter(({ inTrash }) => !inTrash)
      const ids = fresh.map(({ id }) => String(id)).join(',')
      if (fresh.length === 0) return
      const data = { deletedAt: new Date().toISOString() }
      taken(await desk.cms.ask('PATCH', `/videos?where[id][in]=${ids}&depth=0`, data))
      for (const video of fresh) {
        video.inTrash = true
        intent.stopAll(video)
      }
    }),
  )

  const untrash = map(fc.tuple(number, fc.option(stage)), (n, asked) =>
    act(
      `take ${String(n)} out of the trash ${asked ?? ''}`,
      some(inTrash),
      async (intent, desk) => {
        const video = pick(inTrash(intent), n)
        // No draft: what a draft says of the trash is not so until it is published.
        const answer = await saveVideo({ ...desk, drafts: false }, video, {
          deletedAt: null,
          ...(asked && { stage: asked }),
        })
        const title = video.titles[''] ?? ''
        video.inTrash = false
        const isTaken = !asked || intent.ask(video, '', asked, title)
        expect(answer.status).toBe(isTaken ? 200 : 400)
        video.inTrash = !isTaken
      },
    ),
  )

  const remove = map(fc.tuple(number, fc.boolean()), (n, all) =>
    act(`delete ${all ? 'all' : String(n)} for ever`, anAlive, async (intent, desk) => {
      const those = all ? [...intent.alive] : [pick(intent.alive, n)]
      const ids = those.map(({ id }) => String(id)).join(',')
      const path = `/videos?where[id][in]=${ids}&trash=true&depth=0`
      taken(await desk.cms.ask('DELETE', path))
      for (const video of those) {
        intent.stopAll(video)
        video.isGone = true
      }
    }),
  )

  const restore = map(fc.tuple(number, number), (n, k) =>
    act(`restore version ${String(k)} of ${String(n)}`, anAlive, async (intent, desk) => {
      const video = pick(intent.alive, n)
      const version = await versionOf(desk.cms, 'videos', video.id, k)
      const answer = await desk.cms.ask('POST', `/videos/versions/${String(version)}?depth=0`)
      expect(answer.status).toBe(video.inTrash ? 403 : 200)
      await noteTitles(desk, video)
    }),
  )

  const duplicate = map(fc.tuple(number), (n) =>
    act(
      `duplicate ${String(n)}`,
      (intent) => intent.alive.length < mostVideos && atHand(intent).length > 0,
      async (intent, desk) => {
        const { id } = pick(atHand(intent), n)
        const path = `/videos/${String(id)}/duplicate?depth=0${drafts ? '&draft=true' : ''}`
        const { body, status } = await desk.cms.ask<{ doc: Doc }>('POST', path, {})
        expect({ body, status }).toMatchObject({ status: 200 })
        const copy = new Video(body.doc.id, String(body.doc.serviceId), {})
        for (const each of films) copy.film(each)
        intent.videos.push(copy)
        desk.seen.set(copy.id, [body.doc])
        await noteTitles(desk, copy)
      },
    ),
  )

  const publish = map(fc.tuple(number, fc.constantFrom('published', 'draft')), (n, _status) =>
    act(`make ${String(n)} ${_status}`, some(atHand), async (intent, desk) => {
      const video = pick(atHand(intent), n)
      const path = `/videos/${String(video.id)}?depth=0${localeOf(desk, '')}`
      taken(await desk.cms.ask('PATCH', path, { _status }))
    }),
  )

  const asked = [ask, ask, askAll, together]
  const kept = [another, type, autosave, restore, duplicate]
  return [...asked, ...kept, trash, untrash, remove, ...(drafts ? [publish] : [])]
}
