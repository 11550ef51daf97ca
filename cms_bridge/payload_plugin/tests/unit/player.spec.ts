/** The player of a site's page, as a server renders it. */
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'

import { ReelwrightPlayer, type ReelwrightPlayerProps } from '../../src/exports/player.ts'
import { directionOf } from '../../src/player/language.ts'

const base = '/api/reelwright/renditions/7'
const rendition = {
  id: 7,
  actualCost: '0.1234',
  jobId: 'job-secret',
  alt: 'Opening hours. From nine to six',
  transcript: 'Opening hours\n\nWe open at nine & close at six.\n',
  url: `${base}/video`,
  posterUrl: `${base}/poster`,
  streamUrl: `${base}/stream.m3u8`,
  captionsUrl: `${base}/captions.vtt`,
  chaptersUrl: `${base}/chapters.vtt`,
  transcriptUrl: `${base}/transcript.txt`,
  file: { number: 3, language: 'en', width: 1920, height: 1080, hasStream: true },
}

function render(props: Partial<ReelwrightPlayerProps> = {}): string {
  return renderToStaticMarkup(createElement(ReelwrightPlayer, { rendition, ...props }))
}

const withFile = (file: object) => ({ ...rendition, file: { ...rendition.file, ...file } })

test('a film has its poster, captions, chapters, description and words', () => {
  const html = render()
  expect(html).toMatch(/^<div class="reelwright-player" dir="ltr" lang="en">/)
  const [video = ''] = /<video[^>]*>/.exec(html) ?? []
  expect(video).toContain('aria-label="Opening hours. From nine to six"')
  expect(video).toContain(`poster="${base}/poster?number=3"`)
  for (const given of ['controls=""', 'playsInline=""', 'preload="metadata"', 'width="1920"']) {
    expect(video).toContain(given)
  }
  expect(html).toContain(
    `<track kind="captions" label="Captions" src="${base}/captions.vtt?number=3" srcLang="en"/>`,
  )
  expect(html).toContain(
    `<track kind="chapters" label="Chapters" src="${base}/chapters.vtt?number=3" srcLang="en"/>`,
  )
  expect(html).toContain('<summary>Transcript</summary><p>Opening hours</p>')
  expect(html).toContain('<p>We open at nine &amp; close at six.</p></details>')
})

test('a stream comes before the file, where one was made', () => {
  const sources = (html: string) =>
    [...html.matchAll(/<source src="([^"]+)"/g)].map(([, src]) => src)
  expect(sources(render())).toEqual([`${base}/stream.m3u8?number=3`, `${base}/video?number=3`])
  const file = [`${base}/video?number=3`]
  expect(sources(render({ rendition: withFile({ hasStream: false }) }))).toEqual(file)
  // An older service did not say: nothing is asked for in vain.
  expect(sources(render({ rendition: withFile({ hasStream: undefined }) }))).toEqual(file)
})

test.for([
  ['ar', 'rtl', 'ar', 'النص المكتوب'],
  ['de-AT', 'ltr', 'de-AT', 'Transkript'],
  ['pt_BR', 'ltr', 'pt-BR', 'Transcript'],
  ['constructor', 'ltr', 'constructor', 'Transcript'],
] as const)('%s runs %s, and is told in its words', ([language, dir, lang, word]) => {
  const html = render({ rendition: withFile({ language }) })
  expect(html).toContain(`dir="${dir}" lang="${lang}"`)
  expect(html).toContain(`srcLang="${lang}"`)
  expect(html).toContain(`<summary>${word}</summary>`)
})

test.for([
  ['he', 'rtl'],
  ['fa-IR', 'rtl'],
  ['ur', 'rtl'],
  ['pa', 'ltr'],
  ['pa-PK', 'rtl'],
  ['az-Arab', 'rtl'],
  ['ar-Latn', 'ltr'],
  ['zh-Hant-TW', 'ltr'],
] as const)('%s is written %s', ([tag, direction]) => {
  expect(directionOf(tag)).toBe(direction)
})

test('of an older film it shows what there is', () => {
  const { alt, file, streamUrl, transcript, ...older } = rendition
  expect([alt, file, streamUrl, transcript]).not.toContain(undefined)
  const html = render({ rendition: { ...older, alt: null, file: { width: 4 }, transcript: null } })
  expect(html).toMatch(/^<div class="reelwright-player">/)
  expect(html).toContain('aria-label="Video"')
  expect(html).toContain(`<source src="${base}/video" type="video/mp4"/>`)
  expect(html).toContain(`<a href="${base}/transcript.txt">Transcript</a>`)
  expect(html).not.toMatch(/srcLang|width=|null|undefined/)
})

test.for([
  ['nothing', null],
  ['a job without a film', { ...rendition, url: undefined, file: null }],
] as const)('of %s it shows nothing', ([, none]) => {
  expect(render({ rendition: none })).toBe('')
})

test('a film in which nobody speaks has no transcript', () => {
  expect(render({ rendition: { ...rendition, transcript: '' } })).not.toContain('ranscript')
})

describe('a page', () => {
  test('says what it wants otherwise', () => {
    const html = render({
      alt: 'Ours',
      captionsOn: true,
      chapters: false,
      className: 'hero',
      labels: { captions: 'Subtitles' },
      language: 'he',
      preload: 'none',
      transcript: false,
    })
    expect(html).toMatch(/^<div class="reelwright-player hero" dir="rtl" lang="he">/)
    expect(html).toContain('aria-label="Ours"')
    expect(html).toContain('preload="none"')
    expect(html).toMatch(/<track default="" kind="captions" label="Subtitles"/)
    expect(html).not.toMatch(/chapters|<details|<summary/)
  })

  test.for([
    ['https://cms.example.org/', 'https://cms.example.org'],
    ['/cms', '/cms'],
    ['', ''],
  ] as const)('reaches Payload below “%s”', ([given, origin]) => {
    const absolute = { ...rendition, url: `https://inside.example${base}/video` }
    const html = render({ base: given, rendition: absolute })
    expect(html).toContain(`<source src="${origin}${base}/video?number=3"`)
    expect(html).toContain(`poster="${origin}${base}/poster?number=3"`)
  })

  test('hands on nothing else that the rendition holds', () => {
    expect(render()).not.toMatch(/0\.1234|job-secret/)
    const element = ReelwrightPlayer({ rendition })
    expect(JSON.stringify(element)).not.toMatch(/0\.1234|job-secret/)
  })
})
