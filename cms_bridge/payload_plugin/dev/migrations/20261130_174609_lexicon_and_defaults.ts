import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`CREATE TABLE \`projects_lexicon\` (
  	\`_order\` integer NOT NULL,
  	\`_parent_id\` integer NOT NULL,
  	\`id\` text PRIMARY KEY NOT NULL,
  	\`word\` text NOT NULL,
  	\`spoken\` text NOT NULL,
  	\`language\` text,
  	FOREIGN KEY (\`_parent_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`projects_lexicon_order_idx\` ON \`projects_lexicon\` (\`_order\`);`)
  await db.run(sql`CREATE INDEX \`projects_lexicon_parent_id_idx\` ON \`projects_lexicon\` (\`_parent_id\`);`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`defaults_aspect_ratio\` text;`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`defaults_music_mood\` text;`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`defaults_locale\` text;`)
  await db.run(sql`ALTER TABLE \`projects\` ADD \`defaults_speed\` numeric;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`DROP TABLE \`projects_lexicon\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`defaults_aspect_ratio\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`defaults_music_mood\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`defaults_locale\`;`)
  await db.run(sql`ALTER TABLE \`projects\` DROP COLUMN \`defaults_speed\`;`)
}
