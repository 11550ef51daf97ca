/** What there is against a request, as a page: for whoever followed a link, and reads no JSON. */
import type { PayloadRequest } from 'payload'

import { directionOf, toTag } from '../player/language.ts'
import { toProblem } from '../problem.ts'
import { isTranslated, isTranslationKey, translate } from '../translations/index.ts'

/** Return a response as it is, but a refusal as a page to a browser that is to show it. */
export async function withPage(req: PayloadRequest, response: Response): Promise<Response> {
  if (response.status < 400 || !prefersPage(req.headers.get('accept') ?? '')) return response
  const refusal = toProblem(await response.json().catch(() => null))
  const key = `error.${refusal?.code ?? ''}`
  const language = isTranslated(req.i18n.language) ? req.i18n.language : 'en'
  const sentence = translate(
    language,
    isTranslationKey(key) ? key : 'error.service_away',
    refusal?.params,
  )
  return new Response(pageOf(language, translate(language, 'films.notShown'), sentence), {
    status: response.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'private, no-store',
      'content-security-policy':
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    },
  })
}

/** Tell whether a page is wanted rather than JSON, as where a browser goes to an address itself. */
export function prefersPage(accept: string): boolean {
  const wanted = new Map(
    accept.split(',').map((range) => {
      const [type = '', ...params] = range.split(';').map((part) => part.trim().toLowerCase())
      const weight = params.find((param) => param.startsWith('q='))
      return [type, weight === undefined ? 1 : Number(weight.slice(2))]
    }),
  )
  const weightOf = (type: string): number => wanted.get(type) ?? 0
  const json = Math.max(weightOf('application/problem+json'), weightOf('application/json'))
  return weightOf('text/html') > json
}

function pageOf(language: string, title: string, sentence: string): string {
  const [lang, heading, words] = [toTag(language), title, sentence].map(escaped)
  return `<!doctype html>
<html lang="${lang ?? ''}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${heading ?? ''}</title>
</head>
<body>
<h1>${heading ?? ''}</h1>
<p>${words ?? ''}</p>
</body>
</html>
`
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? '')
