/** Pages that say why there is nothing to be shown. */
import type { PayloadRequest } from 'payload'
import { expect, test } from 'vitest'

import { prefersPage, withPage } from '../../src/endpoints/page.ts'

test.for([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', true],
  ['text/html', true],
  ['text/html;q=0.5, application/json;q=0.1', true],
  ['text/html;q=0', false],
  ['application/json, text/html', false],
  ['*/*', false],
  ['', false],
] as const)('%s wants a page: %s', ([accept, wanted]) => {
  expect(prefersPage(accept)).toBe(wanted)
})

async function pageOf(language: string, body: object): Promise<string> {
  const headers = new Headers({ accept: 'text/html' })
  const req = { headers, i18n: { language } } as unknown as PayloadRequest
  return (await withPage(req, Response.json(body, { status: 404 }))).text()
}

test('what a value holds is text', async () => {
  const params = { voice: '<script>alert(1)</script>', nearest: `"&'` }
  const page = await pageOf('de', { title: 'Not found', code: 'voice_not_found', params })
  expect(page).toContain('„&lt;script&gt;alert(1)&lt;/script&gt;“')
  expect(page).toContain('&quot;&amp;&#39;')
})

test('a language without words here, or a reason without a code, has a page all the same', async () => {
  const page = await pageOf('he', { title: 'Away' })
  expect(page).toContain('<html lang="en" dir="ltr">')
  expect(page).toContain('The render service does not answer')
})
