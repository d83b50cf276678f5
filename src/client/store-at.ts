import { lowdbStore } from '../store/lowdb/lowdb-store.ts'
import { sqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'

const SQLITE_FILE = /\.(db|sqlite|sqlite3)$/i

/**
 * The store at a path: a SQLite store if the path ends in .db, .sqlite or .sqlite3, else a lowdb
 * store. SQLite is loaded on first use.
 */
export const storeAt = (path: string): Store => (SQLITE_FILE.test(path) ? sqliteStore(path) : lowdbStore(path))
