/**
 * Videos: what an editor writes, and nothing that the service writes.
 *
 * `stage` says what the editor wants: `draft`, `submitted` or `cancelled`. A
 * save may also ask for `resubmit` (film the present text anew) or `retry`
 * (try the same submission once more); both are stored as `submitted`. The
 * field is not part of the admin's form, because a form that was opened
 * before somebody else submitted would otherwise post the old stage back; the
 * panel's buttons send it with the save they trigger.
 */
import type { CollectionConfig, Field, FieldHook } from 'payload'

import { collectionAccess } from '../access.ts'
import {
  type DisclosureChoice,
  disclosureChoices,
  stageRequests,
  type VideoDoc,
} from '../documents.ts'
import { emitVideoEvents } from '../hooks/emitVideoEvents.ts'
import { beginAsProject } from '../hooks/beginAsProject.ts'
import { noteStage } from '../hooks/askedStage.ts'
import { nameVideo } from '../hooks/giveName.ts'
import { planStage } from '../hooks/planStage.ts'
import { settleFilms } from '../hooks/settleFilms.ts'
import { keepState } from '../hooks/videoState.ts'
import { deleteWithVideo } from '../hooks/deleteWithVideo.ts'
import { publishGate } from '../hooks/publishGate.ts'
import type { Settings } from '../settings.ts'
import { labels, translate } from '../translations/index.ts'
import {
  aspectRatioField,
  adminGroup,
  localeField,
  musicMoodField,
  selectField,
  serviceIdField,
  textareaField,
  styleField,
  speakersField,
  speedField,
  voiceField,
} from './fields.ts'
import { publishingFields } from './publishing.ts'

/** A number that only the hooks write; a duplicate starts again. */
function counterField(name: 'retries' | 'submission', label: Record<string, string>): Field {
  return {
    name,
    type: 'number',
    label,
    defaultValue: 0,
    access: { create: () => false, update: () => false },
    hooks: { beforeDuplicate: [() => 0] },
    admin: { disabled: true },
  }
}

/** What only the hooks write and read; a duplicate begins without. */
const ofHooks = {
  access: { create: () => false, update: () => false },
  admin: { disabled: true },
}

/**
 * What the service wrote of a video, for whoever asks the API.
 *
 * The form leaves it out: its table is filled once, when the document opens, and
 * would tell an editor who waits that there is nothing. The panel looks again.
 */
function joinField(name: 'renditions' | 'storyboards', collection: string): Field {
  return {
    name,
    type: 'join',
    label: labels(name),
    collection,
    on: 'video',
    defaultSort: '-submission',
    admin: { disabled: true },
  }
}

const words: readonly string[] = ['brief', 'script', 'title', 'voice']

/** What is said in each of Payload's locales for itself. */
const localised = (field: Field): Field =>
  'name' in field && words.includes(field.name) ? ({ ...field, localized: true } as Field) : field

const longestTitle = 200

/** A duplicate is told from its original in every list; a title in several languages, in each. */
const titleCopy: FieldHook<VideoDoc, null | string | undefined> = ({ req, value }) => {
  const titled = (title: string): string => translate(req.i18n.language, 'title.copy', { title })
  return value && titled(value.slice(0, longestTitle - titled('').length))
}

const inSidebar = <T extends Field>(field: T): T => ({
  ...field,
  admin: { ...field.admin, position: 'sidebar' },
})

export function videos(settings: Settings): CollectionConfig {
  const { slugs, limits } = settings
  const fields: Field[] = [
    {
      name: 'title',
      type: 'text',
      label: labels('title'),
      required: true,
      maxLength: longestTitle,
      hooks: { beforeDuplicate: [titleCopy] },
    },
    {
      name: 'panel',
      type: 'ui',
      label: labels('status'),
      admin: {
        components: {
          Field: {
            path: 'payload-plugin-reelwright/client#VideoPanel',
            clientProps: { slugs },
          },
          Cell: { path: 'payload-plugin-reelwright/rsc#StatusCell', serverProps: { slugs } },
        },
      },
    },
    textareaField('brief', 'brief', {
      limit: limits.maxScriptChars,
      rows: 4,
      description: 'brief.help',
    }),
    textareaField('script', 'script', {
      limit: limits.maxScriptChars,
      rows: 14,
      description: 'script.help',
    }),
    speakersField,
    joinField('storyboards', slugs.storyboards),
    joinField('renditions', slugs.renditions),
    inSidebar<Field>({
      name: 'project',
      type: 'relationship',
      label: labels('project'),
      relationTo: slugs.projects,
      required: true,
      index: true,
    }),
    inSidebar(localeField),
    inSidebar(aspectRatioField),
    inSidebar(voiceField),
    inSidebar(speedField('speed.help')),
    inSidebar(styleField),
    inSidebar(musicMoodField),
    inSidebar(
      selectField<DisclosureChoice>('disclosure', 'disclosure', {
        values: disclosureChoices,
        labelOf: (value) => `disclosure.${value}`,
        description: labels('disclosure.help'),
      }),
    ),
    {
      name: 'stage',
      type: 'select',
      label: labels('stage'),
      defaultValue: 'draft',
      options: stageRequests.map((value) => ({ value, label: labels(`stage.${value}`) })),
      hooks: { beforeDuplicate: [() => 'draft'] },
      admin: { disabled: true },
    },
    serviceIdField,
    counterField('submission', labels('submission')),
    counterField('retries', labels('retries')),
    { ...ofHooks, name: 'said', type: 'text', hooks: { beforeDuplicate: [() => null] } },
    { ...ofHooks, name: 'films', type: 'json', hooks: { beforeDuplicate: [() => null] } },
    ...publishingFields(settings),
  ]
  return {
    slug: slugs.videos,
    labels: { singular: labels('video'), plural: labels('videos') },
    access: collectionAccess(settings).videos,
    admin: {
      group: adminGroup,
      useAsTitle: 'title',
      defaultColumns: ['title', 'panel', 'project', 'updatedAt'],
      listSearchableFields: ['title', 'brief', 'script'],
    },
    versions: { maxPerDoc: 50 },
    trash: true,
    hooks: {
      beforeOperation: [noteStage, beginAsProject(settings)],
      beforeChange: [nameVideo, planStage(settings), publishGate(settings)],
      afterChange: [keepState(settings), emitVideoEvents(settings), settleFilms(settings)],
      beforeDelete: [deleteWithVideo(settings)],
    },
    fields: fields.map((field) => (settings.localized ? localised(field) : field)),
  }
}
