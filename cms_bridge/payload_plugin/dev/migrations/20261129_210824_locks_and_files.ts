import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`CREATE TABLE \`storyboards_texts\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`order\` integer NOT NULL,
  	\`parent_id\` integer NOT NULL,
  	\`path\` text NOT NULL,
  	\`text\` text,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`storyboards\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`storyboards_texts_order_parent\` ON \`storyboards_texts\` (\`order\`,\`parent_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_texts_text_idx\` ON \`storyboards_texts\` (\`text\`);`)
  await db.run(sql`CREATE TABLE \`_storyboards_v_texts\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`order\` integer NOT NULL,
  	\`parent_id\` integer NOT NULL,
  	\`path\` text NOT NULL,
  	\`text\` text,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`_storyboards_v\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`_storyboards_v_texts_order_parent\` ON \`_storyboards_v_texts\` (\`order\`,\`parent_id\`);`)
  await db.run(sql`PRAGMA foreign_keys=OFF;`)
  await db.run(sql`CREATE TABLE \`__new_storyboards\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`title\` text NOT NULL,
  	\`logo\` text,
  	\`music\` text,
  	\`look\` text,
  	\`cast\` text,
  	\`ingredients\` text,
  	\`job_id\` text,
  	\`video_id\` integer NOT NULL,
  	\`project_id\` integer,
  	\`submission\` numeric,
  	\`film\` text,
  	\`digest\` text,
  	\`estimated_cost\` text,
  	\`revision\` numeric DEFAULT 0,
  	\`decision\` text DEFAULT 'pending',
  	\`approved_by\` text,
  	\`approved_at\` text,
  	\`approved_cost\` text,
  	\`locale\` text DEFAULT 'en' NOT NULL,
  	\`aspect_ratio\` text DEFAULT '16:9' NOT NULL,
  	\`captions\` text DEFAULT 'none' NOT NULL,
  	\`music_mood\` text DEFAULT 'none' NOT NULL,
  	\`music_prompt\` text,
  	\`voice\` text,
  	\`speed\` numeric,
  	\`style\` text,
  	\`palette_background\` text DEFAULT '#14213d',
  	\`palette_foreground\` text DEFAULT '#ffffff',
  	\`palette_accent\` text DEFAULT '#fca311',
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`video_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE set null,
  	FOREIGN KEY (\`project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`INSERT INTO \`__new_storyboards\`("id", "title", "logo", "music", "look", "cast", "ingredients", "job_id", "video_id", "project_id", "submission", "film", "digest", "estimated_cost", "revision", "decision", "approved_by", "approved_at", "approved_cost", "locale", "aspect_ratio", "captions", "music_mood", "music_prompt", "voice", "speed", "style", "palette_background", "palette_foreground", "palette_accent", "updated_at", "created_at") SELECT "id", "title", "logo", "music", "look", "cast", "ingredients", "job_id", "video_id", "project_id", "submission", "film", "digest", "estimated_cost", "revision", "decision", "approved_by", "approved_at", "approved_cost", "locale", "aspect_ratio", "captions", "music_mood", "music_prompt", "voice", "speed", "style", "palette_background", "palette_foreground", "palette_accent", "updated_at", "created_at" FROM \`storyboards\`;`)
  await db.run(sql`DROP TABLE \`storyboards\`;`)
  await db.run(sql`ALTER TABLE \`__new_storyboards\` RENAME TO \`storyboards\`;`)
  await db.run(sql`PRAGMA foreign_keys=ON;`)
  await db.run(sql`CREATE UNIQUE INDEX \`storyboards_job_id_idx\` ON \`storyboards\` (\`job_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_video_idx\` ON \`storyboards\` (\`video_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_project_idx\` ON \`storyboards\` (\`project_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_updated_at_idx\` ON \`storyboards\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_created_at_idx\` ON \`storyboards\` (\`created_at\`);`)
  await db.run(sql`CREATE TABLE \`__new__storyboards_v\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`parent_id\` integer,
  	\`version_title\` text NOT NULL,
  	\`version_logo\` text,
  	\`version_music\` text,
  	\`version_look\` text,
  	\`version_cast\` text,
  	\`version_ingredients\` text,
  	\`version_job_id\` text,
  	\`version_video_id\` integer NOT NULL,
  	\`version_project_id\` integer,
  	\`version_submission\` numeric,
  	\`version_film\` text,
  	\`version_digest\` text,
  	\`version_estimated_cost\` text,
  	\`version_revision\` numeric DEFAULT 0,
  	\`version_decision\` text DEFAULT 'pending',
  	\`version_approved_by\` text,
  	\`version_approved_at\` text,
  	\`version_approved_cost\` text,
  	\`version_locale\` text DEFAULT 'en' NOT NULL,
  	\`version_aspect_ratio\` text DEFAULT '16:9' NOT NULL,
  	\`version_captions\` text DEFAULT 'none' NOT NULL,
  	\`version_music_mood\` text DEFAULT 'none' NOT NULL,
  	\`version_music_prompt\` text,
  	\`version_voice\` text,
  	\`version_speed\` numeric,
  	\`version_style\` text,
  	\`version_palette_background\` text DEFAULT '#14213d',
  	\`version_palette_foreground\` text DEFAULT '#ffffff',
  	\`version_palette_accent\` text DEFAULT '#fca311',
  	\`version_updated_at\` text,
  	\`version_created_at\` text,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`storyboards\`(\`id\`) ON UPDATE no action ON DELETE set null,
  	FOREIGN KEY (\`version_video_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE set null,
  	FOREIGN KEY (\`version_project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`INSERT INTO \`__new__storyboards_v\`("id", "parent_id", "version_title", "version_logo", "version_music", "version_look", "version_cast", "version_ingredients", "version_job_id", "version_video_id", "version_project_id", "version_submission", "version_film", "version_digest", "version_estimated_cost", "version_revision", "version_decision", "version_approved_by", "version_approved_at", "version_approved_cost", "version_locale", "version_aspect_ratio", "version_captions", "version_music_mood", "version_music_prompt", "version_voice", "version_speed", "version_style", "version_palette_background", "version_palette_foreground", "version_palette_accent", "version_updated_at", "version_created_at", "created_at", "updated_at") SELECT "id", "parent_id", "version_title", "version_logo", "version_music", "version_look", "version_cast", "version_ingredients", "version_job_id", "version_video_id", "version_project_id", "version_submission", "version_film", "version_digest", "version_estimated_cost", "version_revision", "version_decision", "version_approved_by", "version_approved_at", "version_approved_cost", "version_locale", "version_aspect_ratio", "version_captions", "version_music_mood", "version_music_prompt", "version_voice", "version_speed", "version_style", "version_palette_background", "version_palette_foreground", "version_palette_accent", "version_updated_at", "version_created_at", "created_at", "updated_at" FROM \`_storyboards_v\`;`)
  await db.run(sql`DROP TABLE \`_storyboards_v\`;`)
  await db.run(sql`ALTER TABLE \`__new__storyboards_v\` RENAME TO \`_storyboards_v\`;`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_parent_idx\` ON \`_storyboards_v\` (\`parent_id\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_version_job_id_idx\` ON \`_storyboards_v\` (\`version_job_id\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_version_video_idx\` ON \`_storyboards_v\` (\`version_video_id\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_version_project_idx\` ON \`_storyboards_v\` (\`version_project_id\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_version_updated_at_idx\` ON \`_storyboards_v\` (\`version_updated_at\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_version_created_at_idx\` ON \`_storyboards_v\` (\`version_created_at\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_created_at_idx\` ON \`_storyboards_v\` (\`created_at\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_updated_at_idx\` ON \`_storyboards_v\` (\`updated_at\`);`)
  await db.run(sql`CREATE TABLE \`__new_renditions\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`video_id\` integer NOT NULL,
  	\`project_id\` integer,
  	\`submission\` numeric NOT NULL,
  	\`status\` text NOT NULL,
  	\`progress\` numeric NOT NULL,
  	\`estimated_cost\` text,
  	\`actual_cost\` text,
  	\`job_id\` text,
  	\`film\` text,
  	\`sequence\` numeric NOT NULL,
  	\`scenes_done\` numeric,
  	\`scenes_total\` numeric,
  	\`storyboard_digest\` text,
  	\`storyboard_revision\` numeric,
  	\`warnings\` text,
  	\`error\` text,
  	\`file\` text,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`video_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE set null,
  	FOREIGN KEY (\`project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`INSERT INTO \`__new_renditions\`("id", "video_id", "project_id", "submission", "status", "progress", "estimated_cost", "actual_cost", "job_id", "film", "sequence", "scenes_done", "scenes_total", "storyboard_digest", "storyboard_revision", "warnings", "error", "file", "updated_at", "created_at") SELECT "id", "video_id", "project_id", "submission", "status", "progress", "estimated_cost", "actual_cost", "job_id", "film", "sequence", "scenes_done", "scenes_total", "storyboard_digest", "storyboard_revision", "warnings", "error", "file", "updated_at", "created_at" FROM \`renditions\`;`)
  await db.run(sql`DROP TABLE \`renditions\`;`)
  await db.run(sql`ALTER TABLE \`__new_renditions\` RENAME TO \`renditions\`;`)
  await db.run(sql`CREATE INDEX \`renditions_video_idx\` ON \`renditions\` (\`video_id\`);`)
  await db.run(sql`CREATE INDEX \`renditions_project_idx\` ON \`renditions\` (\`project_id\`);`)
  await db.run(sql`CREATE INDEX \`renditions_status_idx\` ON \`renditions\` (\`status\`);`)
  await db.run(sql`CREATE UNIQUE INDEX \`renditions_job_id_idx\` ON \`renditions\` (\`job_id\`);`)
  await db.run(sql`CREATE INDEX \`renditions_updated_at_idx\` ON \`renditions\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`renditions_created_at_idx\` ON \`renditions\` (\`created_at\`);`)
  await db.run(sql`CREATE TABLE \`__new_reelwright_outbox\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`type\` text,
  	\`state\` text DEFAULT 'queued',
  	\`last_error\` text,
  	\`attempts\` numeric NOT NULL,
  	\`response_status\` numeric,
  	\`next_attempt_at\` text,
  	\`delivered_at\` text,
  	\`video_id\` integer,
  	\`problem\` text,
  	\`stream\` text NOT NULL,
  	\`event_id\` text NOT NULL,
  	\`step\` text,
  	\`body\` text NOT NULL,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`video_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`INSERT INTO \`__new_reelwright_outbox\`("id", "type", "state", "last_error", "attempts", "response_status", "next_attempt_at", "delivered_at", "video_id", "problem", "stream", "event_id", "step", "body", "updated_at", "created_at") SELECT "id", "type", "state", "last_error", "attempts", "response_status", "next_attempt_at", "delivered_at", "video_id", "problem", "stream", "event_id", "step", "body", "updated_at", "created_at" FROM \`reelwright_outbox\`;`)
  await db.run(sql`DROP TABLE \`reelwright_outbox\`;`)
  await db.run(sql`ALTER TABLE \`__new_reelwright_outbox\` RENAME TO \`reelwright_outbox\`;`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_state_idx\` ON \`reelwright_outbox\` (\`state\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_next_attempt_at_idx\` ON \`reelwright_outbox\` (\`next_attempt_at\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_video_idx\` ON \`reelwright_outbox\` (\`video_id\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_stream_idx\` ON \`reelwright_outbox\` (\`stream\`);`)
  await db.run(sql`CREATE UNIQUE INDEX \`reelwright_outbox_event_id_idx\` ON \`reelwright_outbox\` (\`event_id\`);`)
  await db.run(sql`CREATE UNIQUE INDEX \`reelwright_outbox_step_idx\` ON \`reelwright_outbox\` (\`step\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_updated_at_idx\` ON \`reelwright_outbox\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_created_at_idx\` ON \`reelwright_outbox\` (\`created_at\`);`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`locked\` integer DEFAULT false;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`locked\` integer DEFAULT false;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`DROP TABLE \`storyboards_texts\`;`)
  await db.run(sql`DROP TABLE \`_storyboards_v_texts\`;`)
  await db.run(sql`PRAGMA foreign_keys=OFF;`)
  await db.run(sql`CREATE TABLE \`__new_storyboards\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`title\` text NOT NULL,
  	\`logo\` text,
  	\`music\` text,
  	\`look\` text,
  	\`cast\` text,
  	\`ingredients\` text,
  	\`job_id\` text NOT NULL,
  	\`video_id\` integer NOT NULL,
  	\`project_id\` integer,
  	\`submission\` numeric NOT NULL,
  	\`film\` text,
  	\`digest\` text,
  	\`estimated_cost\` text,
  	\`revision\` numeric DEFAULT 0,
  	\`decision\` text DEFAULT 'pending',
  	\`approved_by\` text,
  	\`approved_at\` text,
  	\`approved_cost\` text,
  	\`locale\` text DEFAULT 'en' NOT NULL,
  	\`aspect_ratio\` text DEFAULT '16:9' NOT NULL,
  	\`captions\` text DEFAULT 'none' NOT NULL,
  	\`music_mood\` text DEFAULT 'none' NOT NULL,
  	\`music_prompt\` text,
  	\`voice\` text,
  	\`speed\` numeric,
  	\`style\` text,
  	\`palette_background\` text DEFAULT '#14213d',
  	\`palette_foreground\` text DEFAULT '#ffffff',
  	\`palette_accent\` text DEFAULT '#fca311',
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`video_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE set null,
  	FOREIGN KEY (\`project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`INSERT INTO \`__new_storyboards\`("id", "title", "logo", "music", "look", "cast", "ingredients", "job_id", "video_id", "project_id", "submission", "film", "digest", "estimated_cost", "revision", "decision", "approved_by", "approved_at", "approved_cost", "locale", "aspect_ratio", "captions", "music_mood", "music_prompt", "voice", "speed", "style", "palette_background", "palette_foreground", "palette_accent", "updated_at", "created_at") SELECT "id", "title", "logo", "music", "look", "cast", "ingredients", "job_id", "video_id", "project_id", "submission", "film", "digest", "estimated_cost", "revision", "decision", "approved_by", "approved_at", "approved_cost", "locale", "aspect_ratio", "captions", "music_mood", "music_prompt", "voice", "speed", "style", "palette_background", "palette_foreground", "palette_accent", "updated_at", "created_at" FROM \`storyboards\`;`)
  await db.run(sql`DROP TABLE \`storyboards\`;`)
  await db.run(sql`ALTER TABLE \`__new_storyboards\` RENAME TO \`storyboards\`;`)
  await db.run(sql`PRAGMA foreign_keys=ON;`)
  await db.run(sql`CREATE UNIQUE INDEX \`storyboards_job_id_idx\` ON \`storyboards\` (\`job_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_video_idx\` ON \`storyboards\` (\`video_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_project_idx\` ON \`storyboards\` (\`project_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_updated_at_idx\` ON \`storyboards\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_created_at_idx\` ON \`storyboards\` (\`created_at\`);`)
  await db.run(sql`CREATE TABLE \`__new__storyboards_v\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`parent_id\` integer,
  	\`version_title\` text NOT NULL,
  	\`version_logo\` text,
  	\`version_music\` text,
  	\`version_look\` text,
  	\`version_cast\` text,
  	\`version_ingredients\` text,
  	\`version_job_id\` text NOT NULL,
  	\`version_video_id\` integer NOT NULL,
  	\`version_project_id\` integer,
  	\`version_submission\` numeric NOT NULL,
  	\`version_film\` text,
  	\`version_digest\` text,
  	\`version_estimated_cost\` text,
  	\`version_revision\` numeric DEFAULT 0,
  	\`version_decision\` text DEFAULT 'pending',
  	\`version_approved_by\` text,
  	\`version_approved_at\` text,
  	\`version_approved_cost\` text,
  	\`version_locale\` text DEFAULT 'en' NOT NULL,
  	\`version_aspect_ratio\` text DEFAULT '16:9' NOT NULL,
  	\`version_captions\` text DEFAULT 'none' NOT NULL,
  	\`version_music_mood\` text DEFAULT 'none' NOT NULL,
  	\`version_music_prompt\` text,
  	\`version_voice\` text,
  	\`version_speed\` numeric,
  	\`version_style\` text,
  	\`version_palette_background\` text DEFAULT '#14213d',
  	\`version_palette_foreground\` text DEFAULT '#ffffff',
  	\`version_palette_accent\` text DEFAULT '#fca311',
  	\`version_updated_at\` text,
  	\`version_created_at\` text,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`storyboards\`(\`id\`) ON UPDATE no action ON DELETE set null,
  	FOREIGN KEY (\`version_video_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE set null,
  	FOREIGN KEY (\`version_project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`INSERT INTO \`__new__storyboards_v\`("id", "parent_id", "version_title", "version_logo", "version_music", "version_look", "version_cast", "version_ingredients", "version_job_id", "version_video_id", "version_project_id", "version_submission", "version_film", "version_digest", "version_estimated_cost", "version_revision", "version_decision", "version_approved_by", "version_approved_at", "version_approved_cost", "version_locale", "version_aspect_ratio", "version_captions", "version_music_mood", "version_music_prompt", "version_voice", "version_speed", "version_style", "version_palette_background", "version_palette_foreground", "version_palette_accent", "version_updated_at", "version_created_at", "created_at", "updated_at") SELECT "id", "parent_id", "version_title", "version_logo", "version_music", "version_look", "version_cast", "version_ingredients", "version_job_id", "version_video_id", "version_project_id", "version_submission", "version_film", "version_digest", "version_estimated_cost", "version_revision", "version_decision", "version_approved_by", "version_approved_at", "version_approved_cost", "version_locale", "version_aspect_ratio", "version_captions", "version_music_mood", "version_music_prompt", "version_voice", "version_speed", "version_style", "version_palette_background", "version_palette_foreground", "version_palette_accent", "version_updated_at", "version_created_at", "created_at", "updated_at" FROM \`_storyboards_v\`;`)
  await db.run(sql`DROP TABLE \`_storyboards_v\`;`)
  await db.run(sql`ALTER TABLE \`__new__storyboards_v\` RENAME TO \`_storyboards_v\`;`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_parent_idx\` ON \`_storyboards_v\` (\`parent_id\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_version_job_id_idx\` ON \`_storyboards_v\` (\`version_job_id\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_version_video_idx\` ON \`_storyboards_v\` (\`version_video_id\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_version_project_idx\` ON \`_storyboards_v\` (\`version_project_id\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_version_updated_at_idx\` ON \`_storyboards_v\` (\`version_updated_at\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_version_created_at_idx\` ON \`_storyboards_v\` (\`version_created_at\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_created_at_idx\` ON \`_storyboards_v\` (\`created_at\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_updated_at_idx\` ON \`_storyboards_v\` (\`updated_at\`);`)
  await db.run(sql`CREATE TABLE \`__new_renditions\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`video_id\` integer NOT NULL,
  	\`project_id\` integer,
  	\`submission\` numeric NOT NULL,
  	\`status\` text NOT NULL,
  	\`progress\` numeric NOT NULL,
  	\`estimated_cost\` text,
  	\`actual_cost\` text,
  	\`job_id\` text NOT NULL,
  	\`film\` text,
  	\`sequence\` numeric NOT NULL,
  	\`scenes_done\` numeric,
  	\`scenes_total\` numeric,
  	\`storyboard_digest\` text,
  	\`storyboard_revision\` numeric,
  	\`warnings\` text,
  	\`error\` text,
  	\`file\` text,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`video_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE set null,
  	FOREIGN KEY (\`project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`INSERT INTO \`__new_renditions\`("id", "video_id", "project_id", "submission", "status", "progress", "estimated_cost", "actual_cost", "job_id", "film", "sequence", "scenes_done", "scenes_total", "storyboard_digest", "storyboard_revision", "warnings", "error", "file", "updated_at", "created_at") SELECT "id", "video_id", "project_id", "submission", "status", "progress", "estimated_cost", "actual_cost", "job_id", "film", "sequence", "scenes_done", "scenes_total", "storyboard_digest", "storyboard_revision", "warnings", "error", "file", "updated_at", "created_at" FROM \`renditions\`;`)
  await db.run(sql`DROP TABLE \`renditions\`;`)
  await db.run(sql`ALTER TABLE \`__new_renditions\` RENAME TO \`renditions\`;`)
  await db.run(sql`CREATE INDEX \`renditions_video_idx\` ON \`renditions\` (\`video_id\`);`)
  await db.run(sql`CREATE INDEX \`renditions_project_idx\` ON \`renditions\` (\`project_id\`);`)
  await db.run(sql`CREATE INDEX \`renditions_status_idx\` ON \`renditions\` (\`status\`);`)
  await db.run(sql`CREATE UNIQUE INDEX \`renditions_job_id_idx\` ON \`renditions\` (\`job_id\`);`)
  await db.run(sql`CREATE INDEX \`renditions_updated_at_idx\` ON \`renditions\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`renditions_created_at_idx\` ON \`renditions\` (\`created_at\`);`)
  await db.run(sql`CREATE TABLE \`__new_reelwright_outbox\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`type\` text NOT NULL,
  	\`state\` text DEFAULT 'queued' NOT NULL,
  	\`last_error\` text,
  	\`attempts\` numeric NOT NULL,
  	\`response_status\` numeric,
  	\`next_attempt_at\` text,
  	\`delivered_at\` text,
  	\`video_id\` integer,
  	\`problem\` text,
  	\`stream\` text NOT NULL,
  	\`event_id\` text NOT NULL,
  	\`step\` text,
  	\`body\` text NOT NULL,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`video_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`INSERT INTO \`__new_reelwright_outbox\`("id", "type", "state", "last_error", "attempts", "response_status", "next_attempt_at", "delivered_at", "video_id", "problem", "stream", "event_id", "step", "body", "updated_at", "created_at") SELECT "id", "type", "state", "last_error", "attempts", "response_status", "next_attempt_at", "delivered_at", "video_id", "problem", "stream", "event_id", "step", "body", "updated_at", "created_at" FROM \`reelwright_outbox\`;`)
  await db.run(sql`DROP TABLE \`reelwright_outbox\`;`)
  await db.run(sql`ALTER TABLE \`__new_reelwright_outbox\` RENAME TO \`reelwright_outbox\`;`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_state_idx\` ON \`reelwright_outbox\` (\`state\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_next_attempt_at_idx\` ON \`reelwright_outbox\` (\`next_attempt_at\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_video_idx\` ON \`reelwright_outbox\` (\`video_id\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_stream_idx\` ON \`reelwright_outbox\` (\`stream\`);`)
  await db.run(sql`CREATE UNIQUE INDEX \`reelwright_outbox_event_id_idx\` ON \`reelwright_outbox\` (\`event_id\`);`)
  await db.run(sql`CREATE UNIQUE INDEX \`reelwright_outbox_step_idx\` ON \`reelwright_outbox\` (\`step\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_updated_at_idx\` ON \`reelwright_outbox\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_created_at_idx\` ON \`reelwright_outbox\` (\`created_at\`);`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`locked\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`locked\`;`)
}
