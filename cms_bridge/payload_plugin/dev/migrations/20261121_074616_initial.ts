import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`CREATE TABLE \`users_sessions\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` text PRIMARY KEY NOT NULL,
  	\`created_at\` text,
  	\`expires_at\` text NOT NULL,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`users\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`users_sessions_order_idx\` ON \`users_sessions\` (\`_order\`);`)
  await db.run(
    sql`CREATE INDEX \`users_sessions_parent_id_idx\` ON \`users_sessions\` (\`_parent_id\`);`,
  )
  await db.run(sql`CREATE TABLE \`users\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`email\` text NOT NULL,
  	\`reset_password_token\` text,
  	\`reset_password_expiration\` text,
  	\`salt\` text,
  	\`hash\` text,
  	\`reset_password_requested_at\` text,
  	\`login_attempts\` numeric DEFAULT 0,
  	\`lock_until\` text
  );
  `)
  await db.run(sql`CREATE INDEX \`users_updated_at_idx\` ON \`users\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`users_created_at_idx\` ON \`users\` (\`created_at\`);`)
  await db.run(sql`CREATE UNIQUE INDEX \`users_email_idx\` ON \`users\` (\`email\`);`)
  await db.run(sql`CREATE TABLE \`projects\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`name\` text NOT NULL,
  	\`palette_background\` text DEFAULT '#14213d',
  	\`palette_foreground\` text DEFAULT '#ffffff',
  	\`palette_accent\` text DEFAULT '#fca311',
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL
  );
  `)
  await db.run(sql`CREATE INDEX \`projects_updated_at_idx\` ON \`projects\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`projects_created_at_idx\` ON \`projects\` (\`created_at\`);`)
  await db.run(sql`CREATE TABLE \`videos\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`title\` text NOT NULL,
  	\`brief\` text,
  	\`script\` text,
  	\`project_id\` integer NOT NULL,
  	\`locale\` text DEFAULT 'en' NOT NULL,
  	\`aspect_ratio\` text DEFAULT '16:9' NOT NULL,
  	\`voice\` text,
  	\`style\` text,
  	\`stage\` text DEFAULT 'draft',
  	\`submission\` numeric DEFAULT 0,
  	\`retries\` numeric DEFAULT 0,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`CREATE INDEX \`videos_project_idx\` ON \`videos\` (\`project_id\`);`)
  await db.run(sql`CREATE INDEX \`videos_updated_at_idx\` ON \`videos\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`videos_created_at_idx\` ON \`videos\` (\`created_at\`);`)
  await db.run(sql`CREATE TABLE \`_videos_v\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`parent_id\` integer,
  	\`version_title\` text NOT NULL,
  	\`version_brief\` text,
  	\`version_script\` text,
  	\`version_project_id\` integer NOT NULL,
  	\`version_locale\` text DEFAULT 'en' NOT NULL,
  	\`version_aspect_ratio\` text DEFAULT '16:9' NOT NULL,
  	\`version_voice\` text,
  	\`version_style\` text,
  	\`version_stage\` text DEFAULT 'draft',
  	\`version_submission\` numeric DEFAULT 0,
  	\`version_retries\` numeric DEFAULT 0,
  	\`version_updated_at\` text,
  	\`version_created_at\` text,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE set null,
  	FOREIGN KEY (\`version_project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`CREATE INDEX \`_videos_v_parent_idx\` ON \`_videos_v\` (\`parent_id\`);`)
  await db.run(
    sql`CREATE INDEX \`_videos_v_version_version_project_idx\` ON \`_videos_v\` (\`version_project_id\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`_videos_v_version_version_updated_at_idx\` ON \`_videos_v\` (\`version_updated_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`_videos_v_version_version_created_at_idx\` ON \`_videos_v\` (\`version_created_at\`);`,
  )
  await db.run(sql`CREATE INDEX \`_videos_v_created_at_idx\` ON \`_videos_v\` (\`created_at\`);`)
  await db.run(sql`CREATE INDEX \`_videos_v_updated_at_idx\` ON \`_videos_v\` (\`updated_at\`);`)
  await db.run(sql`CREATE TABLE \`storyboards_scenes\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` text PRIMARY KEY NOT NULL,
  	\`scene_id\` text,
  	\`narration\` text,
  	\`picture_prompt\` text,
  	\`on_screen_text\` text,
  	\`duration\` numeric,
  	\`motion\` text DEFAULT 'zoom_in' NOT NULL,
  	\`transition\` text DEFAULT 'crossfade' NOT NULL,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`storyboards\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(
    sql`CREATE INDEX \`storyboards_scenes_order_idx\` ON \`storyboards_scenes\` (\`_order\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`storyboards_scenes_parent_id_idx\` ON \`storyboards_scenes\` (\`_parent_id\`);`,
  )
  await db.run(sql`CREATE TABLE \`storyboards\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`title\` text NOT NULL,
  	\`job_id\` text NOT NULL,
  	\`video_id\` integer NOT NULL,
  	\`project_id\` integer,
  	\`submission\` numeric NOT NULL,
  	\`digest\` text,
  	\`estimated_cost\` text,
  	\`revision\` numeric DEFAULT 0,
  	\`decision\` text DEFAULT 'pending',
  	\`approved_by\` text,
  	\`approved_at\` text,
  	\`locale\` text DEFAULT 'en' NOT NULL,
  	\`aspect_ratio\` text DEFAULT '16:9' NOT NULL,
  	\`voice\` text,
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
  await db.run(sql`CREATE UNIQUE INDEX \`storyboards_job_id_idx\` ON \`storyboards\` (\`job_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_video_idx\` ON \`storyboards\` (\`video_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_project_idx\` ON \`storyboards\` (\`project_id\`);`)
  await db.run(
    sql`CREATE INDEX \`storyboards_updated_at_idx\` ON \`storyboards\` (\`updated_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`storyboards_created_at_idx\` ON \`storyboards\` (\`created_at\`);`,
  )
  await db.run(sql`CREATE TABLE \`_storyboards_v_version_scenes\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`scene_id\` text,
  	\`narration\` text,
  	\`picture_prompt\` text,
  	\`on_screen_text\` text,
  	\`duration\` numeric,
  	\`motion\` text DEFAULT 'zoom_in' NOT NULL,
  	\`transition\` text DEFAULT 'crossfade' NOT NULL,
  	\`_uuid\` text,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`_storyboards_v\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(
    sql`CREATE INDEX \`_storyboards_v_version_scenes_order_idx\` ON \`_storyboards_v_version_scenes\` (\`_order\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`_storyboards_v_version_scenes_parent_id_idx\` ON \`_storyboards_v_version_scenes\` (\`_parent_id\`);`,
  )
  await db.run(sql`CREATE TABLE \`_storyboards_v\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`parent_id\` integer,
  	\`version_title\` text NOT NULL,
  	\`version_job_id\` text NOT NULL,
  	\`version_video_id\` integer NOT NULL,
  	\`version_project_id\` integer,
  	\`version_submission\` numeric NOT NULL,
  	\`version_digest\` text,
  	\`version_estimated_cost\` text,
  	\`version_revision\` numeric DEFAULT 0,
  	\`version_decision\` text DEFAULT 'pending',
  	\`version_approved_by\` text,
  	\`version_approved_at\` text,
  	\`version_locale\` text DEFAULT 'en' NOT NULL,
  	\`version_aspect_ratio\` text DEFAULT '16:9' NOT NULL,
  	\`version_voice\` text,
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
  await db.run(
    sql`CREATE INDEX \`_storyboards_v_parent_idx\` ON \`_storyboards_v\` (\`parent_id\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`_storyboards_v_version_version_job_id_idx\` ON \`_storyboards_v\` (\`version_job_id\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`_storyboards_v_version_version_video_idx\` ON \`_storyboards_v\` (\`version_video_id\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`_storyboards_v_version_version_project_idx\` ON \`_storyboards_v\` (\`version_project_id\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`_storyboards_v_version_version_updated_at_idx\` ON \`_storyboards_v\` (\`version_updated_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`_storyboards_v_version_version_created_at_idx\` ON \`_storyboards_v\` (\`version_created_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`_storyboards_v_created_at_idx\` ON \`_storyboards_v\` (\`created_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`_storyboards_v_updated_at_idx\` ON \`_storyboards_v\` (\`updated_at\`);`,
  )
  await db.run(sql`CREATE TABLE \`renditions\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`video_id\` integer NOT NULL,
  	\`project_id\` integer,
  	\`submission\` numeric NOT NULL,
  	\`status\` text NOT NULL,
  	\`progress\` numeric NOT NULL,
  	\`estimated_cost\` text,
  	\`actual_cost\` text,
  	\`job_id\` text NOT NULL,
  	\`sequence\` numeric NOT NULL,
  	\`scenes_done\` numeric,
  	\`scenes_total\` numeric,
  	\`storyboard_digest\` text,
  	\`warnings\` text,
  	\`error\` text,
  	\`file\` text,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	FOREIGN KEY (\`video_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE set null,
  	FOREIGN KEY (\`project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE set null
  );
  `)
  await db.run(sql`CREATE INDEX \`renditions_video_idx\` ON \`renditions\` (\`video_id\`);`)
  await db.run(sql`CREATE INDEX \`renditions_project_idx\` ON \`renditions\` (\`project_id\`);`)
  await db.run(sql`CREATE INDEX \`renditions_status_idx\` ON \`renditions\` (\`status\`);`)
  await db.run(sql`CREATE UNIQUE INDEX \`renditions_job_id_idx\` ON \`renditions\` (\`job_id\`);`)
  await db.run(sql`CREATE INDEX \`renditions_updated_at_idx\` ON \`renditions\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`renditions_created_at_idx\` ON \`renditions\` (\`created_at\`);`)
  await db.run(sql`CREATE TABLE \`reelwright_outbox\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`type\` text NOT NULL,
  	\`state\` text DEFAULT 'queued' NOT NULL,
  	\`last_error\` text,
  	\`attempts\` numeric NOT NULL,
  	\`response_status\` numeric,
  	\`next_attempt_at\` text,
  	\`delivered_at\` text,
  	\`stream\` text NOT NULL,
  	\`event_id\` text NOT NULL,
  	\`body\` text NOT NULL,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL
  );
  `)
  await db.run(
    sql`CREATE INDEX \`reelwright_outbox_state_idx\` ON \`reelwright_outbox\` (\`state\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`reelwright_outbox_next_attempt_at_idx\` ON \`reelwright_outbox\` (\`next_attempt_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`reelwright_outbox_stream_idx\` ON \`reelwright_outbox\` (\`stream\`);`,
  )
  await db.run(
    sql`CREATE UNIQUE INDEX \`reelwright_outbox_event_id_idx\` ON \`reelwright_outbox\` (\`event_id\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`reelwright_outbox_updated_at_idx\` ON \`reelwright_outbox\` (\`updated_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`reelwright_outbox_created_at_idx\` ON \`reelwright_outbox\` (\`created_at\`);`,
  )
  await db.run(sql`CREATE TABLE \`payload_kv\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`key\` text NOT NULL,
  	\`data\` text NOT NULL
  );
  `)
  await db.run(sql`CREATE UNIQUE INDEX \`payload_kv_key_idx\` ON \`payload_kv\` (\`key\`);`)
  await db.run(sql`CREATE TABLE \`payload_jobs_log\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` text PRIMARY KEY NOT NULL,
  	\`executed_at\` text NOT NULL,
  	\`completed_at\` text NOT NULL,
  	\`task_slug\` text NOT NULL,
  	\`task_i_d\` text NOT NULL,
  	\`input\` text,
  	\`output\` text,
  	\`state\` text NOT NULL,
  	\`error\` text,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`payload_jobs\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(
    sql`CREATE INDEX \`payload_jobs_log_order_idx\` ON \`payload_jobs_log\` (\`_order\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_jobs_log_parent_id_idx\` ON \`payload_jobs_log\` (\`_parent_id\`);`,
  )
  await db.run(sql`CREATE TABLE \`payload_jobs\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`input\` text,
  	\`completed_at\` text,
  	\`total_tried\` numeric DEFAULT 0,
  	\`has_error\` integer DEFAULT false,
  	\`error\` text,
  	\`task_slug\` text,
  	\`queue\` text DEFAULT 'default',
  	\`wait_until\` text,
  	\`processing\` integer DEFAULT false,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL
  );
  `)
  await db.run(
    sql`CREATE INDEX \`payload_jobs_completed_at_idx\` ON \`payload_jobs\` (\`completed_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_jobs_total_tried_idx\` ON \`payload_jobs\` (\`total_tried\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_jobs_has_error_idx\` ON \`payload_jobs\` (\`has_error\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_jobs_task_slug_idx\` ON \`payload_jobs\` (\`task_slug\`);`,
  )
  await db.run(sql`CREATE INDEX \`payload_jobs_queue_idx\` ON \`payload_jobs\` (\`queue\`);`)
  await db.run(
    sql`CREATE INDEX \`payload_jobs_wait_until_idx\` ON \`payload_jobs\` (\`wait_until\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_jobs_processing_idx\` ON \`payload_jobs\` (\`processing\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_jobs_updated_at_idx\` ON \`payload_jobs\` (\`updated_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_jobs_created_at_idx\` ON \`payload_jobs\` (\`created_at\`);`,
  )
  await db.run(sql`CREATE TABLE \`payload_locked_documents\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`global_slug\` text,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL
  );
  `)
  await db.run(
    sql`CREATE INDEX \`payload_locked_documents_global_slug_idx\` ON \`payload_locked_documents\` (\`global_slug\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_locked_documents_updated_at_idx\` ON \`payload_locked_documents\` (\`updated_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_locked_documents_created_at_idx\` ON \`payload_locked_documents\` (\`created_at\`);`,
  )
  await db.run(sql`CREATE TABLE \`payload_locked_documents_rels\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`order\` integer,
  	\`parent_id\` integer NOT NULL,
  	\`path\` text NOT NULL,
  	\`users_id\` integer,
  	\`projects_id\` integer,
  	\`videos_id\` integer,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`payload_locked_documents\`(\`id\`) ON UPDATE no action ON DELETE cascade,
  	FOREIGN KEY (\`users_id\`) REFERENCES \`users\`(\`id\`) ON UPDATE no action ON DELETE cascade,
  	FOREIGN KEY (\`projects_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE cascade,
  	FOREIGN KEY (\`videos_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(
    sql`CREATE INDEX \`payload_locked_documents_rels_order_idx\` ON \`payload_locked_documents_rels\` (\`order\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_locked_documents_rels_parent_idx\` ON \`payload_locked_documents_rels\` (\`parent_id\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_locked_documents_rels_path_idx\` ON \`payload_locked_documents_rels\` (\`path\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_locked_documents_rels_users_id_idx\` ON \`payload_locked_documents_rels\` (\`users_id\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_locked_documents_rels_projects_id_idx\` ON \`payload_locked_documents_rels\` (\`projects_id\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_locked_documents_rels_videos_id_idx\` ON \`payload_locked_documents_rels\` (\`videos_id\`);`,
  )
  await db.run(sql`CREATE TABLE \`payload_preferences\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`key\` text,
  	\`value\` text,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL
  );
  `)
  await db.run(
    sql`CREATE INDEX \`payload_preferences_key_idx\` ON \`payload_preferences\` (\`key\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_preferences_updated_at_idx\` ON \`payload_preferences\` (\`updated_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_preferences_created_at_idx\` ON \`payload_preferences\` (\`created_at\`);`,
  )
  await db.run(sql`CREATE TABLE \`payload_preferences_rels\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`order\` integer,
  	\`parent_id\` integer NOT NULL,
  	\`path\` text NOT NULL,
  	\`users_id\` integer,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`payload_preferences\`(\`id\`) ON UPDATE no action ON DELETE cascade,
  	FOREIGN KEY (\`users_id\`) REFERENCES \`users\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(
    sql`CREATE INDEX \`payload_preferences_rels_order_idx\` ON \`payload_preferences_rels\` (\`order\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_preferences_rels_parent_idx\` ON \`payload_preferences_rels\` (\`parent_id\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_preferences_rels_path_idx\` ON \`payload_preferences_rels\` (\`path\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_preferences_rels_users_id_idx\` ON \`payload_preferences_rels\` (\`users_id\`);`,
  )
  await db.run(sql`CREATE TABLE \`payload_migrations\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`name\` text,
  	\`batch\` numeric,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL
  );
  `)
  await db.run(
    sql`CREATE INDEX \`payload_migrations_updated_at_idx\` ON \`payload_migrations\` (\`updated_at\`);`,
  )
  await db.run(
    sql`CREATE INDEX \`payload_migrations_created_at_idx\` ON \`payload_migrations\` (\`created_at\`);`,
  )
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`DROP TABLE \`users_sessions\`;`)
  await db.run(sql`DROP TABLE \`users\`;`)
  await db.run(sql`DROP TABLE \`projects\`;`)
  await db.run(sql`DROP TABLE \`videos\`;`)
  await db.run(sql`DROP TABLE \`_videos_v\`;`)
  await db.run(sql`DROP TABLE \`storyboards_scenes\`;`)
  await db.run(sql`DROP TABLE \`storyboards\`;`)
  await db.run(sql`DROP TABLE \`_storyboards_v_version_scenes\`;`)
  await db.run(sql`DROP TABLE \`_storyboards_v\`;`)
  await db.run(sql`DROP TABLE \`renditions\`;`)
  await db.run(sql`DROP TABLE \`reelwright_outbox\`;`)
  await db.run(sql`DROP TABLE \`payload_kv\`;`)
  await db.run(sql`DROP TABLE \`payload_jobs_log\`;`)
  await db.run(sql`DROP TABLE \`payload_jobs\`;`)
  await db.run(sql`DROP TABLE \`payload_locked_documents\`;`)
  await db.run(sql`DROP TABLE \`payload_locked_documents_rels\`;`)
  await db.run(sql`DROP TABLE \`payload_preferences\`;`)
  await db.run(sql`DROP TABLE \`payload_preferences_rels\`;`)
  await db.run(sql`DROP TABLE \`payload_migrations\`;`)
}
