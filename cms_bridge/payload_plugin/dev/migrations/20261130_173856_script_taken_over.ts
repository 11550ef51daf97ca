import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`drafted_script\` text;`)
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`script\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_drafted_script\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_script\` text;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`drafted_script\`;`)
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`script\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_drafted_script\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_script\`;`)
}
