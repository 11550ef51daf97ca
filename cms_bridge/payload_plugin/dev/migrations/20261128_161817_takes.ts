import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`picture_take\` numeric;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`narration_take\` numeric;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`picture_take\` numeric;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`narration_take\` numeric;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`picture_take\`;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`narration_take\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`picture_take\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`narration_take\`;`)
}
