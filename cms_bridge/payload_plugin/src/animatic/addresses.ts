/** Addresses: where the media of a timeline are to be had. */
import type { TimelinePreview } from '../generated/timeline.ts'

/** Return a timeline with another address for everything that is seen and heard in it. */
export function withAddresses(
  timeline: TimelinePreview,
  own: (address: string) => string,
): TimelinePreview {
  const at = <T extends { contentUrl: string }>(asset: null | T | undefined): null | T =>
    asset ? { ...asset, contentUrl: own(asset.contentUrl) } : null
  const { logo, music, scenes } = timeline
  return {
    ...timeline,
    scenes: scenes.map(({ narration, view, ...scene }) => ({
      ...scene,
      view:
        'asset' in view && view.asset
          ? { ...view, asset: { ...view.asset, contentUrl: own(view.asset.contentUrl) } }
          : view,
      narration: narration && {
        ...narration,
        asset: at(narration.asset),
        reading: at(narration.reading),
      },
    })),
    music: music && {
      ...music,
      asset: at(music.asset),
      bedUrl: music.bedUrl ? own(music.bedUrl) : null,
    },
    logo: logo && { ...logo, asset: at(logo.asset) },
  }
}
