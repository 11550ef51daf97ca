import * as migration_20261121_074616_initial from './20261121_074616_initial.ts';
import * as migration_20261121_083752_refusals from './20261121_083752_refusals.ts';
import * as migration_20261121_105545_approved_cost from './20261121_105545_approved_cost.ts';
import * as migration_20261121_113726_scene_look from './20261121_113726_scene_look.ts';
import * as migration_20261128_161817_takes from './20261128_161817_takes.ts';
import * as migration_20261129_000054_motion from './20261129_000054_motion.ts';
import * as migration_20261129_044227_storyboard_revision from './20261129_044227_storyboard_revision.ts';
import * as migration_20261129_092100_outbox_video from './20261129_092100_outbox_video.ts';
import * as migration_20261129_093101_video_service_id from './20261129_093101_video_service_id.ts';
import * as migration_20261129_094203_outbox_step from './20261129_094203_outbox_step.ts';
import * as migration_20261129_100642_video_trash from './20261129_100642_video_trash.ts';
import * as migration_20261129_102245_music from './20261129_102245_music.ts';
import * as migration_20261129_135706_desk_and_media from './20261129_135706_desk_and_media.ts';
import * as migration_20261129_170057_people_and_locales from './20261129_170057_people_and_locales.ts';
import * as migration_20261129_211035_locks_and_files from './20261129_211035_locks_and_files.ts';
import * as migration_20261130_094302_desk_of_films from './20261130_094302_desk_of_films.ts';
import * as migration_20261130_131742_project_names from './20261130_131742_project_names.ts';
import * as migration_20261130_173856_script_taken_over from './20261130_173856_script_taken_over.ts';
import * as migration_20261130_174609_lexicon_and_defaults from './20261130_174609_lexicon_and_defaults.ts';
import * as migration_20261130_184000_clip_sound from './20261130_184000_clip_sound.ts';

export const migrations = [
  {
    up: migration_20261121_074616_initial.up,
    down: migration_20261121_074616_initial.down,
    name: '20261121_074616_initial',
  },
  {
    up: migration_20261121_083752_refusals.up,
    down: migration_20261121_083752_refusals.down,
    name: '20261121_083752_refusals',
  },
  {
    up: migration_20261121_105545_approved_cost.up,
    down: migration_20261121_105545_approved_cost.down,
    name: '20261121_105545_approved_cost',
  },
  {
    up: migration_20261121_113726_scene_look.up,
    down: migration_20261121_113726_scene_look.down,
    name: '20261121_113726_scene_look',
  },
  {
    up: migration_20261128_161817_takes.up,
    down: migration_20261128_161817_takes.down,
    name: '20261128_161817_takes',
  },
  {
    up: migration_20261129_000054_motion.up,
    down: migration_20261129_000054_motion.down,
    name: '20261129_000054_motion',
  },
  {
    up: migration_20261129_044227_storyboard_revision.up,
    down: migration_20261129_044227_storyboard_revision.down,
    name: '20261129_044227_storyboard_revision',
  },
  {
    up: migration_20261129_092100_outbox_video.up,
    down: migration_20261129_092100_outbox_video.down,
    name: '20261129_092100_outbox_video',
  },
  {
    up: migration_20261129_093101_video_service_id.up,
    down: migration_20261129_093101_video_service_id.down,
    name: '20261129_093101_video_service_id',
  },
  {
    up: migration_20261129_094203_outbox_step.up,
    down: migration_20261129_094203_outbox_step.down,
    name: '20261129_094203_outbox_step',
  },
  {
    up: migration_20261129_100642_video_trash.up,
    down: migration_20261129_100642_video_trash.down,
    name: '20261129_100642_video_trash',
  },
  {
    up: migration_20261129_102245_music.up,
    down: migration_20261129_102245_music.down,
    name: '20261129_102245_music',
  },
  {
    up: migration_20261129_135706_desk_and_media.up,
    down: migration_20261129_135706_desk_and_media.down,
    name: '20261129_135706_desk_and_media',
  },
  {
    up: migration_20261129_170057_people_and_locales.up,
    down: migration_20261129_170057_people_and_locales.down,
    name: '20261129_170057_people_and_locales',
  },
  {
    up: migration_20261129_211035_locks_and_files.up,
    down: migration_20261129_211035_locks_and_files.down,
    name: '20261129_211035_locks_and_files',
  },
  {
    up: migration_20261130_094302_desk_of_films.up,
    down: migration_20261130_094302_desk_of_films.down,
    name: '20261130_094302_desk_of_films',
  },
  {
    up: migration_20261130_131742_project_names.up,
    down: migration_20261130_131742_project_names.down,
    name: '20261130_131742_project_names',
  },
  {
    up: migration_20261130_173856_script_taken_over.up,
    down: migration_20261130_173856_script_taken_over.down,
    name: '20261130_173856_script_taken_over',
  },
  {
    up: migration_20261130_174609_lexicon_and_defaults.up,
    down: migration_20261130_174609_lexicon_and_defaults.down,
    name: '20261130_174609_lexicon_and_defaults',
  },
  {
    up: migration_20261130_184000_clip_sound.up,
    down: migration_20261130_184000_clip_sound.down,
    name: '20261130_184000_clip_sound'
  },
];
