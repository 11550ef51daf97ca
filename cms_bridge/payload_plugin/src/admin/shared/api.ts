'use client'
/** The plugin's own endpoints as the admin asks them, and what an answer has against a request. */
import { useConfig, useLocale } from '@payloadcms/ui'
import { useCallback } from 'react'

import type { Id } from '../../documents.ts'
import { type Answers, pathTo } from '../../endpoints/contract.ts'
import type { Problem } from '../../generated/events.ts'
import { toProblem } from '../../problem.ts'

export type Reply<T> = { ok: false; problem: null | Problem } | { ok: true; answer: T }

export interface Question {
  /** The parameters of the endpoint's path. */
  params: Record<string, Id>
  /** Of which locale it is; without it, of the one that is shown. */
  locale?: string | undefined
  /** JSON to post; without it the endpoint is only read. */
  json?: string
  signal?: AbortSignal
}

type Ask = <Name extends keyof Answers>(
  name: Name,
  question: Question,
) => Promise<Reply<Answers[Name]>>

/** Return the locale of one of a video's films; nothing where Payload has none. */
export function useLocaleOf(film: null | string | undefined): string | undefined {
  const { localization } = useConfig().config
  return film || (localization ? localization.defaultLocale : undefined)
}

/** Return the function that asks; it throws where no answer comes. */
export function useEndpoints(): Ask {
  const { config } = useConfig()
  const { code: shown } = useLocale()
  const api = `${config.serverURL}${config.routes.api}`
  const hasLocales = Boolean(config.localization)
  return useCallback<Ask>(
    async (name, { json, locale = shown, params, signal }) => {
      const query = hasLocales && locale ? `?locale=${encodeURIComponent(locale)}` : ''
      const response = await fetch(api + pathTo(name, params) + query, {
        credentials: 'include',
        ...(signal && { signal }),
        ...(json !== undefined && {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: json,
        }),
      })
      const body: unknown =
        response.status === 204 ? null : await response.json().catch(() => undefined)
      if (!response.ok) return { ok: false, problem: toProblem(body) }
      if (body === undefined) throw new Error('The answer was cut off, or is not of the plugin.')
      // What answers is this plugin itself, held to the contract by its own types.
      return { ok: true, answer: body as Answers[typeof name] }
    },
    [api, hasLocales, shown],
  )
}

/** Return the first sentence of Payload's own kind of error. */
export async function readPayloadError(
  response: null | Response,
  otherwise: string,
): Promise<string> {
  const body = (await response?.json().catch(() => null)) as
    | { errors?: { data?: { errors?: { message?: string }[] }; message?: string }[] }
    | null
    | undefined
  const first = body?.errors?.[0]
  return first?.data?.errors?.[0]?.message ?? first?.message ?? otherwise
}
