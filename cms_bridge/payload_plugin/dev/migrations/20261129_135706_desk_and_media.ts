import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`CREATE TABLE \`media\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`url\` text,
  	\`thumbnail_u_r_l\` text,
  	\`filename\` text,
  	\`mime_type\` text,
  	\`filesize\` numeric,
  	\`width\` numeric,
  	\`height\` numeric,
  	\`focal_x\` numeric,
  	\`focal_y\` numeric
  );
  `)
  await db.run(sql`CREATE INDEX \`media_updated_at_idx\` ON \`media\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`media_created_at_idx\` ON \`media\` (\`created_at\`);`)
  await db.run(sql`CREATE UNIQUE INDEX \`media_filename_idx\` ON \`media\` (\`filename\`);`)
  await db.run(sql`CREATE TABLE \`storyboards_rels\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`order\` integer,
  	\`parent_id\` integer NOT NULL,
  	\`path\` text NOT NULL,
  	\`media_id\` integer,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`storyboards\`(\`id\`) ON UPDATE no action ON DELETE cascade,
  	FOREIGN KEY (\`media_id\`) REFERENCES \`media\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`storyboards_rels_order_idx\` ON \`storyboards_rels\` (\`order\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_rels_parent_idx\` ON \`storyboards_rels\` (\`parent_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_rels_path_idx\` ON \`storyboards_rels\` (\`path\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_rels_media_id_idx\` ON \`storyboards_rels\` (\`media_id\`);`)
  await db.run(sql`CREATE TABLE \`_storyboards_v_rels\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`order\` integer,
  	\`parent_id\` integer NOT NULL,
  	\`path\` text NOT NULL,
  	\`media_id\` integer,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`_storyboards_v\`(\`id\`) ON UPDATE no action ON DELETE cascade,
  	FOREIGN KEY (\`media_id\`) REFERENCES \`media\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`_storyboards_v_rels_order_idx\` ON \`_storyboards_v_rels\` (\`order\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_rels_parent_idx\` ON \`_storyboards_v_rels\` (\`parent_id\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_rels_path_idx\` ON \`_storyboards_v_rels\` (\`path\`);`)
  await db.run(sql`CREATE INDEX \`_storyboards_v_rels_media_id_idx\` ON \`_storyboards_v_rels\` (\`media_id\`);`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`published_anyway_by\` text;`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`published_anyway_at\` text;`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`published_anyway_reason\` text;`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`published_anyway_hold\` text;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_published_anyway_by\` text;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_published_anyway_at\` text;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_published_anyway_reason\` text;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_published_anyway_hold\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`own\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`pause_after\` numeric;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`music_prompt\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`own\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`pause_after\` numeric;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_music_prompt\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`payload_locked_documents_rels\` ADD \`media_id\` integer REFERENCES media(id);`)
  await db.run(sql`CREATE INDEX \`payload_locked_documents_rels_media_id_idx\` ON \`payload_locked_documents_rels\` (\`media_id\`);`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`DROP TABLE \`media\`;`)
  await db.run(sql`DROP TABLE \`storyboards_rels\`;`)
  await db.run(sql`DROP TABLE \`_storyboards_v_rels\`;`)
  await db.run(sql`PRAGMA foreign_keys=OFF;`)
  await db.run(sql`CREATE TABLE \`__new_payload_locked_documents_rels\` (
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
  await db.run(sql`INSERT INTO \`__new_payload_locked_documents_rels\`("id", "order", "parent_id", "path", "users_id", "projects_id", "videos_id") SELECT "id", "order", "parent_id", "path", "users_id", "projects_id", "videos_id" FROM \`payload_locked_documents_rels\`;`)
  await db.run(sql`DROP TABLE \`payload_locked_documents_rels\`;`)
  await db.run(sql`ALTER TABLE \`__new_payload_locked_documents_rels\` RENAME TO \`payload_locked_documents_rels\`;`)
  await db.run(sql`PRAGMA foreign_keys=ON;`)
  await db.run(sql`CREATE INDEX \`payload_locked_documents_rels_order_idx\` ON \`payload_locked_documents_rels\` (\`order\`);`)
  await db.run(sql`CREATE INDEX \`payload_locked_documents_rels_parent_idx\` ON \`payload_locked_documents_rels\` (\`parent_id\`);`)
  await db.run(sql`CREATE INDEX \`payload_locked_documents_rels_path_idx\` ON \`payload_locked_documents_rels\` (\`path\`);`)
  await db.run(sql`CREATE INDEX \`payload_locked_documents_rels_users_id_idx\` ON \`payload_locked_documents_rels\` (\`users_id\`);`)
  await db.run(sql`CREATE INDEX \`payload_locked_documents_rels_projects_id_idx\` ON \`payload_locked_documents_rels\` (\`projects_id\`);`)
  await db.run(sql`CREATE INDEX \`payload_locked_documents_rels_videos_id_idx\` ON \`payload_locked_documents_rels\` (\`videos_id\`);`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`speed\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`published_anyway_by\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`published_anyway_at\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`published_anyway_reason\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`published_anyway_hold\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_speed\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_published_anyway_by\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_published_anyway_at\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_published_anyway_reason\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_published_anyway_hold\`;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`own\`;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`speed\`;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`pause_after\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`music_prompt\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`speed\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`own\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`speed\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`pause_after\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_music_prompt\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_speed\`;`)
}
