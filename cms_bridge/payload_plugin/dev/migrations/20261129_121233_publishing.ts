import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`videos\` ADD \`published_anyway_by\` text;`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`published_anyway_at\` text;`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`published_anyway_reason\` text;`)
  await db.run(sql`ALTER TABLE \`videos\` ADD \`published_anyway_hold\` text;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_published_anyway_by\` text;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_published_anyway_at\` text;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_published_anyway_reason\` text;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_published_anyway_hold\` text;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`published_anyway_by\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`published_anyway_at\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`published_anyway_reason\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`published_anyway_hold\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_published_anyway_by\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_published_anyway_at\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_published_anyway_reason\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_published_anyway_hold\`;`)
}
