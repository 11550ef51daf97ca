/** Prices in words: what a storyboard costs, and what of it is to be paid now. */
import type { Price } from '../../endpoints/contract.ts'
import { translate, type TranslationKey } from '../../translations/index.ts'
import { formatDollars, formatRange } from './format.ts'

/** Return an amount of US dollars in words; nothing to pay is said as such. */
export function formatPrice(amount: null | string | undefined, language: string): string {
  const dollars = Number(amount ?? 0)
  if (!(dollars > 0)) return translate(language, 'panel.free')
  return formatDollars(dollars, language)
}

/** Return what a storyboard costs: usually, and at most. */
export function formatTotalPrice({ estimatedCost, usualCost }: Price, language: string): string {
  return formatRange(usualCost, estimatedCost, language) ?? translate(language, 'panel.free')
}

/** Return what is to be paid now, usually and at most; null where nothing costs anything. */
export function formatPriceDue(price: Price, language: string): null | string {
  if (!(Number(price.estimatedCost) > 0)) return null
  const due = formatRange(price.usualDifference, price.difference, language)
  return due ?? translate(language, 'price.nothing')
}

/** Return what lost calls may cost on top of the price; null where they wait for a word. */
export function formatLost(
  { lostAtMost }: Pick<Price, 'lostAtMost'>,
  language: string,
): null | string {
  const dollars = Number(lostAtMost)
  if (!(dollars > 0)) return null
  return translate(language, 'price.lost', { amount: formatDollars(dollars, language) })
}

/** Say what an approval buys, and for how much, in place of what a panel says without a price. */
export function approveHelp(
  help: TranslationKey | undefined,
  price: null | Price,
  language: string,
): string {
  if (!help) return ''
  const amount = Number(price?.toApprove ?? 0)
  if (help !== 'panel.approve.help' || !price || !(amount > 0)) return translate(language, help)
  const scenes = price.scenes.length
  return translate(language, 'panel.approve.priced', {
    amount: formatDollars(amount, language),
    scenes,
  })
}

/** Return the words of the button that has the changes of a finished film made. */
export function makeChangesLabel(amount: null | string, language: string, unsaved = false): string {
  const dollars = Number(amount ?? 0)
  const how = unsaved ? 'action.saveChanges' : 'action.makeChanges'
  if (!(dollars > 0)) return translate(language, how)
  return translate(language, `${how}.priced`, { amount: formatDollars(dollars, language) })
}
