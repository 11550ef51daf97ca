import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`videos\` ADD \`music_mood\` text DEFAULT 'none' NOT NULL;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_music_mood\` text DEFAULT 'none' NOT NULL;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`music_mood\` text DEFAULT 'none' NOT NULL;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_music_mood\` text DEFAULT 'none' NOT NULL;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`music_mood\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_music_mood\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`music_mood\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_music_mood\`;`)
}
