import { type MigrateDownArgs, type MigrateUpArgs, sql } from '@payloadcms/db-sqlite'

export async function up({ db, payload, req }: MigrateUpArgs): Promise<void> {
  await db.run(sql`ALTER TABLE \`reelwright_outbox\` ADD \`video_id\` integer REFERENCES videos(id) ON UPDATE no action ON DELETE set null;`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_video_idx\` ON \`reelwright_outbox\` (\`video_id\`);`)
}

export async function down({ db, payload, req }: MigrateDownArgs): Promise<void> {
  await db.run(sql`PRAGMA foreign_keys=OFF;`)
  await db.run(sql`CREATE TABLE \`__new_reelwright_outbox\` (
  	\`id\` integer PRIMARY KEY NOT NULL,
  	\`type\` text NOT NULL,
  	\`state\` text DEFAULT 'queued' NOT NULL,
  	\`last_error\` text,
  	\`attempts\` numeric NOT NULL,
  	\`response_status\` numeric,
  	\`next_attempt_at\` text,
  	\`delivered_at\` text,
  	\`problem\` text,
  	\`stream\` text NOT NULL,
  	\`event_id\` text NOT NULL,
  	\`body\` text NOT NULL,
  	\`updated_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  	\`created_at\` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL
  );
  `)
  await db.run(sql`INSERT INTO \`__new_reelwright_outbox\`("id", "type", "state", "last_error", "attempts", "response_status", "next_attempt_at", "delivered_at", "problem", "stream", "event_id", "body", "updated_at", "created_at") SELECT "id", "type", "state", "last_error", "attempts", "response_status", "next_attempt_at", "delivered_at", "problem", "stream", "event_id", "body", "updated_at", "created_at" FROM \`reelwright_outbox\`;`)
  await db.run(sql`DROP TABLE \`reelwright_outbox\`;`)
  await db.run(sql`ALTER TABLE \`__new_reelwright_outbox\` RENAME TO \`reelwright_outbox\`;`)
  await db.run(sql`PRAGMA foreign_keys=ON;`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_state_idx\` ON \`reelwright_outbox\` (\`state\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_next_attempt_at_idx\` ON \`reelwright_outbox\` (\`next_attempt_at\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_stream_idx\` ON \`reelwright_outbox\` (\`stream\`);`)
  await db.run(sql`CREATE UNIQUE INDEX \`reelwright_outbox_event_id_idx\` ON \`reelwright_outbox\` (\`event_id\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_updated_at_idx\` ON \`reelwright_outbox\` (\`updated_at\`);`)
  await db.run(sql`CREATE INDEX \`reelwright_outbox_created_at_idx\` ON \`reelwright_outbox\` (\`created_at\`);`)
}
