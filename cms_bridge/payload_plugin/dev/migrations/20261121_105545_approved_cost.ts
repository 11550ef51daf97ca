import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`storyboards\` ADD \`approved_cost\` text;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` ADD \`version_approved_cost\` text;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`storyboards\` DROP COLUMN \`approved_cost\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v\` DROP COLUMN \`version_approved_cost\`;`)
}
