import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`projects\` ADD \`service_id\` text;`)
  await db.run(sql`CREATE UNIQUE INDEX \`projects_service_id_idx\` ON \`projects\` (\`service_id\`);`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`DROP INDEX \`projects_service_id_idx\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`service_id\`;`)
}
