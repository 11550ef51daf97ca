import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`reelwright_outbox\` ADD \`step\` text;`)
  await db.run(sql`CREATE UNIQUE INDEX \`reelwright_outbox_step_idx\` ON \`reelwright_outbox\` (\`step\`);`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`DROP INDEX \`reelwright_outbox_step_idx\`;`)
  await db.run(sql`ALTER TABLE \`reelwright_outbox\` DROP COLUMN \`step\`;`)
}
