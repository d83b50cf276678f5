import fs from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { StepwrightError, isMissing } from '../../errors.ts'
import { noAccess } from '../failures.ts'
import { FILE_MODE, FOLDER_MODE } from '../../journal/files.ts'
import { Database, whileBusy } from './database.ts'
import { storeFailure } from './failures.ts'
import { loadSqlite } from './load.ts'
import { MIGRATIONS, migrate, versionOf } from './schema.ts'

/**
 * What is safe once a write has resolved. 'process': it survives the death of this Node process,
 * and a power failure takes at most the last moments (SQLite's `synchronous = NORMAL`). 'power': it
 * survives that too (`FULL`), for an fsync per commit.
 */
export type Durability = 'process' | 'power'

/**
 * How long SQLite itself waits for another process, in milliseconds. A commit takes less. Longer
 * waits happen outside of SQLite, where they do not block the event loop.
 */
const BUSY_TIMEOUT_MS = 5
/** Pages kept in memory per connection, in KiB. */
const CACHE_KIB = 16 * 1024
/** The write-ahead log is cut back to this length after it was longer, in bytes. */
const WAL_BYTES = 64 * 1024 * 1024

/**
 * Opens an existing store for clients.
 *
 * @throws ERR_STORE_MISSING, ERR_STORE_ACCESS, ERR_STORE_VERSION, ERR_STORE_CORRUPT, ERR_STORE_READ
 */
export async function openDatabase(file: string, durability: Durability): Promise<Database> {
  try {
    if (!isThere(file)) throw missing(file)
    return await opened(file, 'read', db => {
      const version = versionOf(db)
      if (version === 0) throw missing(file)
      if (version < MIGRATIONS.length) throw tooOld(file, version)
      tune(db, durability)
    })
  } catch (error) {
    throw isMissing(error) ? missing(file) : storeFailure(file, error, 'read')
  }
}

/**
 * Opens a store for a host: makes it, or brings it to the newest schema, if need be. Any number of
 * hosts may do so at once.
 *
 * @throws ERR_STORE_ACCESS, ERR_STORE_VERSION, ERR_STORE_CORRUPT, ERR_STORE_WRITE
 */
export async function prepareDatabase(file: string, durability: Durability): Promise<Database> {
  try {
    if (!isThere(file)) make(file)
    return await opened(file, 'write', db => {
      versionOf(db)
      db.exec('PRAGMA journal_mode = WAL')
      migrate(db)
      tune(db, durability)
    })
  } catch (error) {
    throw storeFailure(file, error, 'write')
  }
}

/** Opens a connection and calls `setUp` with it. If that fails, the connection is closed again. */
async function opened(file: string, what: 'read' | 'write', setUp: (db: Database) => void): Promise<Database> {
  const db = connect(file)
  try {
    await whileBusy(file, what, () => setUp(db))
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function connect(file: string): Database {
  const { DatabaseSync } = loadSqlite()
  const url = pathToFileURL(file)
  // SQLite must not create the file, because others could then read it.
  url.searchParams.set('mode', 'rw')
  return new Database(file, new DatabaseSync(url, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false }))
}

function tune(db: Database, durability: Durability): void {
  db.exec(
    `PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}; PRAGMA journal_size_limit = ${WAL_BYTES}; PRAGMA cache_size = -${CACHE_KIB}`,
  )
}

/** @throws ERR_STORE_ACCESS if it is a directory, or belongs to another user */
function isThere(file: string): boolean {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return false
  if (stat.isDirectory())
    throw noAccess(file, 'This is a directory, a store of sqliteStore() is a file. Give another path.')
  const uid = process.getuid?.()
  if (uid !== undefined && stat.uid !== uid) {
    throw noAccess(
      file,
      `The store belongs to the user with id ${stat.uid}, this process runs as ${uid}. Run it as that user, or use another store.`,
    )
  }
  return true
}

/**
 * Creates an empty file, which SQLite takes for an empty database, and whose mode it gives to the
 * files beside it. An existing file is not even opened: closing it would drop the locks that this
 * Node process may hold on it.
 */
function make(file: string): void {
  fs.mkdirSync(dirname(file), { recursive: true, mode: FOLDER_MODE })
  try {
    fs.closeSync(fs.openSync(file, 'wx', FILE_MODE))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

const missing = (file: string): StepwrightError =>
  new StepwrightError(
    'ERR_STORE_MISSING',
    `There is no store at ${file}. Check the path; a store is made when the first host opens it with createRuntime().`,
  )

const tooOld = (file: string, version: number): StepwrightError =>
  new StepwrightError(
    'ERR_STORE_VERSION',
    `${file} has format ${version}, from an older version of stepwright. The next host that opens it with createRuntime() brings it to format ${MIGRATIONS.length}.`,
  )
