/** Who may approve: told to one who may not, and would else wait for nobody in particular. */
import type { PayloadRequest, TypedUser } from 'payload'

import { maySeeProject } from '../access.ts'
import type { StoryboardDoc, VideoDoc } from '../documents.ts'
import type { Settings } from '../settings.ts'
import { userName } from '../user.ts'
import { mayWrite } from './readable.ts'

const mostAsked = 50
const mostNamed = 5

/** Tell whether whoever asks may approve a video's storyboard: that is a save, and says what may be spent. */
export async function mayApproveOf(
  { access, slugs }: Settings,
  req: PayloadRequest,
  video: VideoDoc,
  storyboard: StoryboardDoc | undefined,
): Promise<boolean> {
  if (!(await access.approve({ req }))) return false
  return storyboard
    ? mayWrite(req, slugs.storyboards, storyboard.id)
    : mayWrite(req, slugs.videos, video.id)
}

/** Return the names of those who may approve this video, among the users that whoever asks may see. */
export async function findApprovers(
  settings: Settings,
  req: PayloadRequest,
  video: VideoDoc,
  storyboard: StoryboardDoc | undefined,
): Promise<string[]> {
  const collection = req.payload.config.admin.user
  const names: string[] = []
  try {
    const { docs } = await req.payload.find({
      collection,
      limit: mostAsked,
      pagination: false,
      depth: 0,
      overrideAccess: false,
      user: req.user,
    })
    for (const doc of docs) {
      if (names.length === mostNamed) break
      const user = { ...doc, collection } as unknown as TypedUser
      // What a `Request` is made of is not copied by spreading it.
      const asked = { ...req, headers: req.headers, url: req.url, user } as PayloadRequest
      const concerned = await maySeeProject(settings, asked, video.project)
      const mayApprove = concerned && (await mayApproveOf(settings, asked, video, storyboard))
      if (mayApprove) names.push(userName(user))
    }
  } catch {
    // Who may not see the users is told that somebody else may; the host's rule may need more.
    return []
  }
  return names.filter(Boolean)
}
