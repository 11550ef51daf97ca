/** What a site's pages render: React alone, on the server or in the browser. */
export { ReelwrightPlayer, type ReelwrightPlayerProps } from '../player/ReelwrightPlayer.tsx'
export type { PlayerRendition } from '../player/film.ts'
export type { PlayerLabels } from '../player/labels.ts'
