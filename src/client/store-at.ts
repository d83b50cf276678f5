import { lowdbStore } from '../store/lowdb/lowdb-store.ts'
import { sqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'

const SQLITE_FILE = /\.(db|sqlite|sqlite3)$/i

/** The store at a path: a SQLite file if it ends so (.db, .sqlite, .sqlite3), else a directory. SQLite itself is loaded when it is first used. */
export const storeAt = (path: string): Store => (SQLITE_FILE.test(path) ? sqliteStore(path) : lowdbStore(path))
