import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`cast\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`look\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`cast\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`cast\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_look\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_cast\` text;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`cast\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`look\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`cast\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`cast\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_look\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_cast\`;`)
}
