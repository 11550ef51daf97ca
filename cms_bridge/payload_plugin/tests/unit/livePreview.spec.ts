/** Which page Payload's live preview opens, and who has the last word on it. */
import type { CollectionConfig, Config, LivePreviewConfig } from 'payload'
import { reelwright, type ReelwrightOptions } from 'payload-plugin-reelwright'
import { expect, test } from 'vitest'

type Address = Exclude<LivePreviewConfig['url'], null | string | undefined>

const configured = async (options: ReelwrightOptions = {}, host: Partial<Config> = {}) =>
  reelwright(options)(host as Config)

const previewOf = (config: Config, slug: string): LivePreviewConfig | undefined =>
  config.collections?.find((each) => each.slug === slug)?.admin?.livePreview

function opened(config: Config, slug: string, data: object, admin = '/admin', localization = {}) {
  const locale = { code: 'pt-BR' }
  const req = { payload: { config: { localization, routes: { admin } } } }
  const args = { data, locale, req } as unknown as Parameters<Address>[0]
  return (previewOf(config, slug)?.url as Address)(args)
}

const viewsOf = (config: Config): object => config.admin?.components?.views ?? {}

test('videos and storyboards are shown by a page of the admin', async () => {
  const config = await configured({ slugs: { videos: 'films' } })
  const page = '/admin/reelwright/preview'
  expect(opened(config, 'films', { id: 7 })).toBe(`${page}/videos/7?locale=pt-BR`)
  expect(opened(config, 'storyboards', { id: 'a/b' }, '/desk')).toBe(
    '/desk/reelwright/preview/storyboards/a%2Fb?locale=pt-BR',
  )
  expect(opened(config, 'films', { id: 7 }, '/', false)).toBe('/reelwright/preview/videos/7')
  expect(previewOf(config, 'projects')).toBeUndefined()
  expect(viewsOf(config)).toMatchObject({
    reelwrightPreview: { exact: true, path: '/reelwright/preview/:collection/:id' },
  })
})

test('what is not there yet has no preview', async () => {
  expect(opened(await configured(), 'videos', {})).toBeNull()
})

test('it can be switched off', async () => {
  for (const options of [{ livePreview: false }, { disabled: true }]) {
    const config = await configured(options)
    expect(previewOf(config, 'videos')).toBeUndefined()
    expect(previewOf(config, 'storyboards')).toBeUndefined()
    expect(viewsOf(config)).toEqual({})
  }
})

test('a page of the host’s own may be shown of a video', async () => {
  const url = 'https://www.example.org/films'
  const config = await configured({ livePreview: url })
  expect(previewOf(config, 'videos')).toEqual({ url })
  expect(opened(config, 'storyboards', { id: 7 })).toContain('/storyboards/7')
})

test('the host’s override wins, and so does what it chose for all its collections', async () => {
  const livePreview = { url: 'https://www.example.org/own' }
  const videos = ({ admin, ...collection }: CollectionConfig): CollectionConfig => ({
    ...collection,
    admin: { ...admin, livePreview },
  })
  expect(previewOf(await configured({ overrides: { videos } }), 'videos')).toBe(livePreview)
  const host = { admin: { livePreview: { ...livePreview, collections: ['videos'] } } }
  const config = await configured({}, host)
  expect(previewOf(config, 'videos')).toBeUndefined()
  expect(previewOf(config, 'storyboards')).toBeDefined()
  expect(config.admin?.livePreview).toEqual(host.admin.livePreview)
})

test('the host’s own pages and components stay', async () => {
  const own = { Component: '/Own#Own', path: '/own' } as const
  const components = { views: { own }, logout: { Button: '/Out#Out' } }
  const config = await configured({}, { admin: { user: 'staff', components } })
  expect(config.admin).toMatchObject({ user: 'staff', components })
  expect(Object.keys(viewsOf(config))).toEqual(['reelwrightPreview', 'own'])
})
