/** What a changed script makes of the scenes, as the video's panel shows it. */
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'

import { TakeoverChanges } from '../../src/admin/video/TakeoverChanges.tsx'
import { takeOver } from '../../src/takeover.ts'
import {
  translate,
  type TranslationKey,
  type TranslationParams,
} from '../../src/translations/index.ts'

function render(language: string, before: string, now: string, onScreenText = ''): string {
  const scenes = [
    { narration: 'We open at nine. Come <early>.', onScreenText },
    { narration: 'Bye.' },
  ]
  const offer = takeOver({ locale: 'en', scenes, speakers: [] }, before, now)
  const t = (key: TranslationKey, params?: TranslationParams) => translate(language, key, params)
  return renderToStaticMarkup(createElement(TakeoverChanges, { offer, t }))
}
const words = (html: string): string =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
const script = 'We open at nine. Come <early>. Bye.'

test('each scene is told before and after, its old words struck and its new ones underlined', () => {
  const html = render('en', script, script.replace('nine', 'ten'), 'We open at nine')
  expect(html).toContain('<p class="rw-takeover__words" dir="auto"><del>')
  expect(words(html)).toBe(
    'Scene 1 Before: We open at nine. Now: We open at ten. Come &lt;early&gt;. ' +
      'The words in its picture stay: “We open at nine”.',
  )
})

test('what is left to the editor is told with its reason, in the language of the admin', () => {
  const html = render('de', `Hello. ${script}`, script.replace(' Bye.', ''))
  expect(words(html)).toBe(
    'Szene 2 Vorher: Bye. In ihr wird nichts mehr gesagt: Sie wird entfernt. ' +
      'Nicht übernommen. Bitte sehen Sie in den Szenen selbst danach: ' +
      'Vorher: Hello. Keine Szene sagt es Wort für Wort.',
  )
})

test('nothing to be changed is said as such', () => {
  expect(words(render('fr', script, `${script}\n`))).toBe('Aucune scène ne change.')
})
