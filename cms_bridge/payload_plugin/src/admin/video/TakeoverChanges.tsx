'use client'
/** What a changed script makes of the scenes, one after the other, and what is left to the editor. */
import type { ReactNode } from 'react'

import type { TakeoverOffer } from '../../endpoints/contract.ts'
import type { LeftSentence, SceneTakeover } from '../../takeover.ts'
import type { Translator } from '../shared/useTranslator.ts'

interface Props {
  offer: Pick<TakeoverOffer, 'changes' | 'left'>
  t: Translator['t']
}

export function TakeoverChanges({ offer, t }: Props): ReactNode {
  const { changes, left } = offer
  return (
    <>
      {changes.length === 0 && <p className="rw-panel__help">{t('takeover.nothing')}</p>}
      {changes.length > 0 && (
        <ul className="rw-changes__list">
          {changes.map((change) => (
            <li key={change.number}>
              <Scene change={change} t={t} />
            </li>
          ))}
        </ul>
      )}
      {left.length > 0 && (
        <>
          <p className="rw-changes__title">{t('takeover.left')}</p>
          <ul className="rw-changes__list">
            {left.map((sentence, index) => (
              <li key={index}>
                <Left sentence={sentence} t={t} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

function Scene({ change, t }: Pick<Props, 't'> & { change: SceneTakeover }): ReactNode {
  const { isRemoved, number, shownStill, words } = change
  return (
    <>
      <span className="rw-takeover__scene">{t('scene.numbered', { number })}</span>
      <p className="rw-takeover__words" dir="auto">
        {words.map(({ became, text }, index) => (
          <Words key={index} became={became} t={t} text={text} />
        ))}
      </p>
      {isRemoved && <p className="rw-panel__help">{t('takeover.removed')}</p>}
      {shownStill && <p className="rw-panel__help">{t('takeover.shown', { words: shownStill })}</p>}
    </>
  )
}

function Left({ sentence, t }: Pick<Props, 't'> & { sentence: LeftSentence }): ReactNode {
  const { before, now, reason } = sentence
  return (
    <>
      <p className="rw-takeover__words" dir="auto">
        {before !== null && <Words became="old" t={t} text={before} />}
        {now !== null && <Words became="new" t={t} text={now} />}
      </p>
      <p className="rw-panel__help">{t(`takeover.left.${reason}`)}</p>
    </>
  )
}

function Words({ became, t, text }: Pick<Props, 't'> & SceneTakeover['words'][number]): ReactNode {
  if (became === 'kept') return <>{text} </>
  const Tag = became === 'old' ? 'del' : 'ins'
  return (
    <>
      <Tag>
        <span className="rw-unseen">
          {t(became === 'old' ? 'takeover.before' : 'takeover.now')}{' '}
        </span>
        {text}
      </Tag>{' '}
    </>
  )
}
