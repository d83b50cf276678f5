import { tooNew } from '../../journal/failures.ts'
import { noAccess } from '../failures.ts'
import type { Database } from './database.ts'

/** 'stwr': it identifies the database as a store, also to the command `file`. */
const APPLICATION_ID = 0x73_74_77_72

/**
 * The statements that lead from each schema version to the next. The first creates the tables. Once
 * released, an entry is never changed.
 *
 * A journal's lines are JSON, as in every store. The columns of `processes` and `labels` are there
 * to be searched: `owner` is a host's id, 'released', 'submitted', or null once the process has
 * ended; `epoch` counts the adoptions, `newest` is the revision of the newest whole transition,
 * `parent` the pid of the process that started this one; `places` is 1 if the process may have
 * places in limits. A place that is `kept` does not become free with its process: it counts for a rate.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE processes (
    id INTEGER PRIMARY KEY,
    pid TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    owner TEXT,
    key TEXT,
    parent TEXT,
    labels TEXT,
    revision INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    logged INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX processes_pid ON processes (pid);
  CREATE UNIQUE INDEX processes_key ON processes (key) WHERE key IS NOT NULL;
  CREATE INDEX processes_owner ON processes (owner, pid) WHERE owner IS NOT NULL;
  CREATE INDEX processes_status ON processes (status, pid);
  CREATE INDEX processes_name ON processes (name, status, pid);
  CREATE TABLE lines (process INTEGER NOT NULL, revision INTEGER NOT NULL, line TEXT NOT NULL) STRICT;
  CREATE UNIQUE INDEX lines_revision ON lines (process, revision);
  CREATE TABLE labels (
    label TEXT NOT NULL, value TEXT NOT NULL, status TEXT NOT NULL, pid TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (label, value, status, pid)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE logs (id INTEGER PRIMARY KEY, process INTEGER NOT NULL, entry TEXT NOT NULL) STRICT;
  CREATE INDEX logs_process ON logs (process);
  CREATE TABLE charts (
    name TEXT NOT NULL, version TEXT NOT NULL, shape TEXT NOT NULL, chart TEXT NOT NULL,
    PRIMARY KEY (name, version, shape)
  ) STRICT;
  CREATE TABLE hosts (id TEXT PRIMARY KEY, card TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE commands (
    pid TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, command TEXT NOT NULL,
    PRIMARY KEY (pid, id)
  ) STRICT, WITHOUT ROWID;
  `,
  'CREATE TABLE schedules (name TEXT PRIMARY KEY, schedule TEXT NOT NULL) STRICT, WITHOUT ROWID;',
  `
  CREATE TABLE documents (
    collection TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (collection, name)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO documents SELECT 'charts', name || '@' || version || '+' || shape,
    json_object('name', name, 'version', version, 'shape', shape, 'chart', json(chart)) FROM charts;
  INSERT INTO documents SELECT 'hosts', id, card FROM hosts;
  INSERT INTO documents SELECT 'commands', pid || '.' || id, command FROM commands;
  INSERT INTO documents SELECT 'schedules', name, schedule FROM schedules;
  DROP TABLE charts;
  DROP TABLE hosts;
  DROP TABLE commands;
  DROP TABLE schedules;
  `,
  `
  CREATE TABLE lost_and_found (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, collection TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL
  ) STRICT;
  `,
  'ALTER TABLE processes ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;',
  `
  CREATE TABLE streams (id INTEGER PRIMARY KEY, process INTEGER NOT NULL, entry TEXT NOT NULL) STRICT;
  CREATE INDEX streams_process ON streams (process);
  ALTER TABLE processes ADD COLUMN streamed INTEGER NOT NULL DEFAULT 0;
  `,
  `
  CREATE TABLE places (id TEXT NOT NULL, pid TEXT NOT NULL, at INTEGER NOT NULL, kept INTEGER NOT NULL) STRICT;
  CREATE INDEX places_id ON places (id, at);
  CREATE INDEX places_pid ON places (pid) WHERE kept = 0;
  ALTER TABLE processes ADD COLUMN places INTEGER NOT NULL DEFAULT 0;
  `,
]

/**
 * The schema version of a database, or 0 while it is empty.
 *
 * @throws ERR_STORE_ACCESS if it is another program's, ERR_STORE_VERSION if it is from the future
 */
export function versionOf(db: Database, known = MIGRATIONS.length): number {
  const { application, version, tables } = db.get<{ application: number; version: number; tables: number }>(
    `SELECT (SELECT application_id FROM pragma_application_id) AS application, (SELECT user_version FROM pragma_user_version) AS version,
       (SELECT count(*) FROM sqlite_master) AS tables`,
  )!
  if (application === 0 && version === 0 && tables === 0) return 0
  if (application !== APPLICATION_ID) {
    throw noAccess(db.file, 'This is the SQLite database of another program. Give another path.')
  }
  if (version > known) throw tooNew(db.file, version, known)
  return version
}

/**
 * Brings a database to the newest schema. Any number of hosts may do so at once: one does, the
 * others find it done.
 */
export function migrate(db: Database, migrations: readonly string[] = MIGRATIONS): void {
  if (versionOf(db, migrations.length) === migrations.length) return
  db.exec('BEGIN EXCLUSIVE')
  try {
    for (const statements of migrations.slice(versionOf(db, migrations.length))) db.exec(statements)
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    db.exec(`PRAGMA user_version = ${migrations.length}`)
    db.exec('COMMIT')
  } catch (error) {
    db.rollback()
    throw error
  }
}
