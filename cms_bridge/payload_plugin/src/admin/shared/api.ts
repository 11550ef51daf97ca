'use client'
/** The plugin's own endpoints as the admin asks them, and what an answer has against a request. */
import { useConfig, useLocale } from '@payloadcms/ui'
import { useCallback } from 'react'

import type { Id } from '../../documents.ts'
import { type Answers, type paths, pathTo } from '../../endpoints/contract.ts'
import { firstError, type Reply, toRefused } from './reply.ts'

export interface Question {
  /** The parameters of the endpoint's path. */
  params: Record<string, Id>
  /** Of which locale it is; without it, of the one that is shown. */
  locale?: string | undefined
  /** What stands in the address besides. */
  query?: Record<string, string>
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

/** Return the function that tells where an endpoint is. */
export function useAddresses(): (
  name: keyof typeof paths,
  question: Pick<Question, 'locale' | 'params' | 'query'>,
) => string {
  const { config } = useConfig()
  const { code: shown } = useLocale()
  const api = `${config.serverURL}${config.routes.api}`
  const hasLocales = Boolean(config.localization)
  return useCallback(
    (name, { locale = shown, params, query }) => {
      const said = new URLSearchParams({ ...(hasLocales && locale && { locale }), ...query })
      return `${api}${pathTo(name, params)}${said.size > 0 ? `?${String(said)}` : ''}`
    },
    [api, hasLocales, shown],
  )
}

/** Return the function that asks; it throws where no answer comes. */
export function useEndpoints(): Ask {
  const addressOf = useAddresses()
  return useCallback<Ask>(
    async (name, { json, signal, ...question }) => {
      const response = await fetch(addressOf(name, question), {
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
      if (!response.ok) return toRefused(response.status, body)
      if (body === undefined) throw new Error('The answer was cut off, or is not of the plugin.')
      // What answers is this plugin itself, held to the contract by its own types.
      return { ok: true, answer: body as Answers[typeof name] }
    },
    [addressOf],
  )
}

/** Return the first sentence of Payload's own kind of error. */
export async function readPayloadError(
  response: null | Response,
  otherwise: string,
): Promise<string> {
  return firstError(await response?.json().catch(() => null)) ?? otherwise
}
