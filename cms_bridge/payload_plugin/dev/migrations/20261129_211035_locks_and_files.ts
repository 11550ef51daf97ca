import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`CREATE TABLE \`storyboards_texts\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`order\` integer NOT NULL,
  	\`parent_id\` integer NOT NULL,
  	\`path\` text NOT NULL,
  	\`text\` text,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`storyboards\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`storyboards_texts_order_parent\` ON \`storyboards_texts\` (\`order\`,\`parent_id\`);`)
  await db.run(sql`CREATE INDEX \`storyboards_texts_text_idx\` ON \`storyboards_texts\` (\`text\`);`)
  await db.run(sql`CREATE TABLE \`_storyboards_v_texts\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`order\` integer NOT NULL,
  	\`parent_id\` integer NOT NULL,
  	\`path\` text NOT NULL,
  	\`text\` text,
  	FOREIGN KEY (\`parent_id\`) REFERENCES \`_storyboards_v\`(\`id\`) ON UPDATE no action ON DELETE cascade
  );
  `)
  await db.run(sql`CREATE INDEX \`_storyboards_v_texts_order_parent\` ON \`_storyboards_v_texts\` (\`order\`,\`parent_id\`);`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` ADD \`locked\` integer DEFAULT false;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` ADD \`locked\` integer DEFAULT false;`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`DROP TABLE \`storyboards_texts\`;`)
  await db.run(sql`DROP TABLE \`_storyboards_v_texts\`;`)
  await db.run(sql`ALTER TABLE \`storyboards_scenes\` DROP COLUMN \`locked\`;`)
  await db.run(sql`ALTER TABLE \`_storyboards_v_version_scenes\` DROP COLUMN \`locked\`;`)
}
