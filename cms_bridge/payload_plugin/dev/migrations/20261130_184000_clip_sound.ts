import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`clip_sound\` integer DEFAULT false;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`clip_sound\` integer DEFAULT false;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`clip_sound\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`clip_sound\`;`)
}
