import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`videos\` ADD \`service_id\` text;`)
  await db.run(sql`CREATE UNIQUE INDEX \`videos_service_id_idx\` ON \`videos\` (\`service_id\`);`)
  await db.run(sql`ALTER TABLE \`_videos_v\` ADD \`version_service_id\` text;`)
  await db.run(sql`CREATE INDEX \`_videos_v_version_version_service_id_idx\` ON \`_videos_v\` (\`version_service_id\`);`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`DROP INDEX \`videos_service_id_idx\`;`)
  await db.run(sql`ALTER TABLE \`videos\` DROP COLUMN \`service_id\`;`)
  await db.run(sql`DROP INDEX \`_videos_v_version_version_service_id_idx\`;`)
  await db.run(sql`ALTER TABLE \`_videos_v\` DROP COLUMN \`version_service_id\`;`)
}
