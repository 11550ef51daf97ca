import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`projects\` ADD \`approve_scenes\` integer DEFAULT false;`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`disclosure\` integer DEFAULT false;`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`disclosure\` text DEFAULT 'project' NOT NULL;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_disclosure\` text DEFAULT 'project' NOT NULL;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`scene_approvals\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`disclosure\` integer DEFAULT false;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_scene_approvals\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_disclosure\` integer DEFAULT false;`)
  await db.run(sql`ALTER TABLE \`renditions\` ADD \`alt\` text;`)
  await db.run(sql`ALTER TABLE \`renditions\` ADD \`transcript\` text;`)
  await db.run(sql`ALTER TABLE \`renditions\` ADD \`written_at\` text;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`approve_scenes\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`disclosure\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`disclosure\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_disclosure\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`scene_approvals\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`disclosure\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_scene_approvals\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_disclosure\`;`)
  await db.run(sql`ALTER TABLE \`renditions\` DROP COLUMN \`alt\`;`)
  await db.run(sql`ALTER TABLE \`renditions\` DROP COLUMN \`transcript\`;`)
  await db.run(sql`ALTER TABLE \`renditions\` DROP COLUMN \`written_at\`;`)
}
