import type { Client } from 'pg'
import { tooNew } from '../../journal/failures.ts'
import { connect, persist } from './client.ts'
import { settingsDropped } from './failures.ts'
import type { Place } from './place.ts'

/**
 * Each brings a store to the next version. Lines are JSON as text: `jsonb` would refuse \u0000 and
 * sort keys. Texts that are sorted or looked up compare by bytes, whatever the locale of the
 * database.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE SEQUENCE host_numbers AS integer CYCLE;
  CREATE TABLE hosts (number integer PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE);
  CREATE TABLE documents (
    collection text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, document text NOT NULL,
    PRIMARY KEY (collection, name));
  CREATE TABLE processes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pid text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    owner text COLLATE "C",
    ended_by text COLLATE "C",
    epoch integer NOT NULL,
    key bytea,
    parent text COLLATE "C",
    labels text[] COLLATE "C",
    revision integer NOT NULL,
    newest integer NOT NULL,
    bytes bigint NOT NULL,
    logged bigint NOT NULL DEFAULT 0,
    ended_at bigint
  ) WITH (fillfactor = 70);
  CREATE UNIQUE INDEX processes_pid ON processes (pid);
  CREATE UNIQUE INDEX processes_key ON processes (key) WHERE key IS NOT NULL;
  CREATE INDEX processes_owner ON processes (owner, pid) WHERE owner IS NOT NULL;
  CREATE INDEX processes_status ON processes (status, pid);
  CREATE INDEX processes_name ON processes (name, status, pid);
  CREATE INDEX processes_parent ON processes (parent) WHERE parent IS NOT NULL;
  CREATE INDEX processes_labels ON processes USING gin (labels) WHERE labels IS NOT NULL;
  CREATE TABLE lines (process bigint NOT NULL, revision integer NOT NULL, line text NOT NULL, PRIMARY KEY (process, revision));
  CREATE TABLE logs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, process bigint NOT NULL, entry text NOT NULL);
  CREATE INDEX logs_process ON logs (process, id);
  CREATE TABLE lost_and_found (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, collection text NOT NULL, name text NOT NULL, content text NOT NULL);
  CREATE TABLE servers (timeline text PRIMARY KEY, seen_at timestamptz NOT NULL);
  `,
  `
  CREATE TABLE streams (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, process bigint NOT NULL, entry text NOT NULL);
  CREATE INDEX streams_process ON streams (process, id);
  ALTER TABLE processes ADD COLUMN streamed bigint NOT NULL DEFAULT 0;
  `,
  `
  CREATE TABLE limits (id text COLLATE "C" PRIMARY KEY);
  CREATE TABLE places (id text COLLATE "C" NOT NULL, pid text COLLATE "C" NOT NULL, at bigint NOT NULL, kept boolean NOT NULL);
  CREATE INDEX places_id ON places (id, at);
  CREATE INDEX places_pid ON places (pid) WHERE NOT kept;
  `,
]

/**
 * The version of a store, or `undefined` where there is none.
 *
 * @throws ERR_STORE_ACCESS where tables are looked for in another schema
 */
export async function versionOf(
  client: Pick<Client, 'query'>,
  { schema, location }: Place,
): Promise<number | undefined> {
  const sql = "SELECT to_regclass($1) IS NOT NULL AS exists, current_setting('search_path') AS path"
  const { rows } = await client.query<{ exists: boolean; path: string }>(sql, [`${schema}.store_version`])
  if (rows[0]?.path !== schema) throw settingsDropped(location)
  if (!rows[0]?.exists) return undefined
  const found = await client.query<{ version: number }>(`SELECT version FROM ${schema}.store_version`)
  return found.rows[0]?.version
}

/** @throws ERR_STORE_VERSION */
export function checkVersion(version: number | undefined, { location }: Place): void {
  if (version !== undefined && version > MIGRATIONS.length) throw tooNew(location, version, MIGRATIONS.length)
}

/**
 * Makes the store, or brings it to the newest version. Any number of hosts may do so at once: one
 * does, the others find it done.
 *
 * @throws ERR_STORE_ACCESS, ERR_STORE_VERSION, ERR_STORE_WRITE
 */
export const prepareSchema = (place: Place): Promise<void> =>
  persist(place, 'write', async () => {
    const client = await connect(place)
    try {
      const before = await versionOf(client, place)
      checkVersion(before, place)
      if (before !== MIGRATIONS.length) await migrate(client, place)
    } finally {
      await client.end()
    }
  })

async function migrate(client: Client, place: Place): Promise<void> {
  const { schema, locks } = place
  await client.query('BEGIN')
  await client.query('SELECT pg_advisory_xact_lock($1, 0)', [locks])
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
  const version = (await versionOf(client, place)) ?? 0
  checkVersion(version, place)
  if (version === 0)
    await client.query(
      `CREATE TABLE ${schema}.store_version (version integer NOT NULL); INSERT INTO ${schema}.store_version VALUES (0)`,
    )
  for (const statements of MIGRATIONS.slice(version)) await client.query(statements)
  await client.query('UPDATE store_version SET version = $1', [MIGRATIONS.length])
  await client.query('COMMIT')
}
