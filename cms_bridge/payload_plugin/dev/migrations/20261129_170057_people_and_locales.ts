import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`CREATE TABLE \`projects_speakers\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` text PRIMARY KEY NOT NULL,
  	\`name\` text NOT NULL,
  	\`voice\` text,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`projects_speakers_order_idx\` ON \`projects_speakers\` (\`_order\`);`)
  await db.run(sql`CREATE INDEX \`projects_speakers_parent_id_idx\` ON \`projects_speakers\` (\`_parent_id\`);`)
  await db.run(sql`CREATE TABLE \`projects_cast\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` text PRIMARY KEY NOT NULL,
  	\`name\` text NOT NULL,
  	\`kind\` text DEFAULT 'person' NOT NULL,
  	\`description\` text,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`projects_cast_order_idx\` ON \`projects_cast\` (\`_order\`);`)
  await db.run(sql`CREATE INDEX \`projects_cast_parent_id_idx\` ON \`projects_cast\` (\`_parent_id\`);`)
  await db.run(sql`CREATE TABLE \`projects_rels\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`order\` integer,
  	\`parent_id\` integer NOT NULL,
  	\`path\` text NOT NULL,
  	\`media_id\` integer,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE cascade,
  	FOREIGN KEY (\`media_id\`) REFERENCES \`media\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`projects_rels_order_idx\` ON \`projects_rels\` (\`order\`);`)
  await db.run(sql`CREATE INDEX \`projects_rels_parent_idx\` ON \`projects_rels\` (\`parent_id\`);`)
  await db.run(sql`CREATE INDEX \`projects_rels_path_idx\` ON \`projects_rels\` (\`path\`);`)
  await db.run(sql`CREATE INDEX \`projects_rels_media_id_idx\` ON \`projects_rels\` (\`media_id\`);`)
  await db.run(sql`CREATE TABLE \`videos_speakers\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` text PRIMARY KEY NOT NULL,
  	\`name\` text NOT NULL,
  	\`voice\` text,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`videos\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`videos_speakers_order_idx\` ON \`videos_speakers\` (\`_order\`);`)
  await db.run(sql`CREATE INDEX \`videos_speakers_parent_id_idx\` ON \`videos_speakers\` (\`_parent_id\`);`)
  await db.run(sql`CREATE TABLE \`_videos_v_version_speakers\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`name\` text NOT NULL,
  	\`voice\` text,
  	\`_uuid\` text,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`_videos_v\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`_videos_v_version_speakers_order_idx\` ON \`_videos_v_version_speakers\` (\`_order\`);`)
  await db.run(sql`CREATE INDEX \`_videos_v_version_speakers_parent_id_idx\` ON \`_videos_v_version_speakers\` (\`_parent_id\`);`)
  await db.run(sql`CREATE TABLE \`storyboards_speakers\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` text PRIMARY KEY NOT NULL,
  	\`name\` text NOT NULL,
  	\`voice\` text,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`storyboards\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`storyboards_speakers_order_idx\` ON \`storyboards_speakers\` (\`_order\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_speakers_parent_id_idx\` ON \`storyboards_speakers\` (\`_parent_id\`);`)
  await db.run(sql`CREATE TABLE \`_storyboards_v_version_speakers\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`name\` text NOT NULL,
  	\`voice\` text,
  	\`_uuid\` text,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`_storyboards_v\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_speakers_order_idx\` ON \`_storyboards_v_version_speakers\` (\`_order\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_version_speakers_parent_id_idx\` ON \`_storyboards_v_version_speakers\` (\`_parent_id\`);`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`voice\` text;`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`look_style\` text;`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`look_palette\` text;`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`look_lens\` text;`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`logo_corner\` text DEFAULT 'top_right' NOT NULL;`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`logo_width\` numeric DEFAULT 12;`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`said\` text;`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`films\` text;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_said\` text;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_films\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`cast\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`look\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`cast\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`film\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`cast\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_look\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_cast\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_film\` text;`)
  await db.run(sql`ALTER TABLE \`renditions\` ADD \`film\` text;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`DROP TABLE \`projects_speakers\`;`)
  await db.run(sql`DROP TABLE \`projects_cast\`;`)
  await db.run(sql`DROP TABLE \`projects_rels\`;`)
  await db.run(sql`DROP TABLE \`videos_speakers\`;`)
  await db.run(sql`DROP TABLE \`_videos_v_version_speakers\`;`)
  await db.run(sql`DROP TABLE \`storyboards_speakers\`;`)
  await db.run(sql`DROP TABLE \`_storyboards_v_version_speakers\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`voice\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`look_style\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`look_palette\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`look_lens\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`logo_corner\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`logo_width\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`said\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`films\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_said\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_films\`;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`cast\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`look\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`cast\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`film\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`cast\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_look\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_cast\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_film\`;`)
  await db.run(sql`ALTER TABLE \`renditions\` DROP COLUMN \`film\`;`)
}
