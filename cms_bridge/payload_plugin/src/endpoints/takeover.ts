/** What becomes of a storyboard's scenes once the script that the video has by now is taken over. */
import type { Endpoint } from 'payload'

import { idOf, type StoryboardDoc, type VideoDoc } from '../documents.ts'
import { filmLocales, wordsIn } from '../films.ts'
import type { Settings } from '../settings.ts'
import { takeOver } from '../takeover.ts'
import { paths } from './contract.ts'
import { findNewestReadable, findReadable } from './readable.ts'
import { answer, problem } from './responses.ts'
import { isBehind } from './status.ts'

/** Nothing of it is saved: whoever looks at it saves it as any edit of the scenes. */
export function takeoverEndpoint(settings: Settings): Endpoint {
  const { slugs } = settings
  return {
    method: 'get',
    path: paths.takeover,
    handler: async (req) => {
      const storyboard = await findReadable<StoryboardDoc>(req, slugs.storyboards)
      if (!storyboard) return problem(404, 'Not found', 'There is no such storyboard.')
      const id = idOf(storyboard.video)
      const video = await findNewestReadable<VideoDoc>(req, slugs.videos, { id: { equals: id } })
      if (!video) return problem(404, 'Not found', 'There is no such video.')
      const { script: said, revision, scenes, speakers } = storyboard
      const locale = storyboard.film || (filmLocales(settings, req.payload)[0] ?? '')
      const { script = '' } = await wordsIn(settings, req.payload, video, locale)
      if (!said || !isBehind(storyboard, { script })) {
        const detail = 'The scenes say the script as it is.'
        return problem(409, 'Nothing to take over', detail, { code: 'nothing_to_take_over' })
      }
      const drafted = {
        locale: storyboard.locale || 'en',
        scenes: scenes ?? [],
        speakers: speakers ?? [],
      }
      return answer({ ...takeOver(drafted, said, script), script, revision: revision ?? 0 })
    },
  }
}
