import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`videos\` ADD \`speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`pause_after\` numeric;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`speed\` numeric;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`pause_after\` numeric;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_speed\` numeric;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`speed\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_speed\`;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`speed\`;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`pause_after\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`speed\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`speed\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`pause_after\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_speed\`;`)
}
