import { lowdbStore } from '../store/lowdb/lowdb-store.ts'
import { isPostgresUrl } from '../store/postgres/place.ts'
import { postgresStore } from '../store/postgres/postgres-store.ts'
import { sqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'

const SQLITE_FILE = /\.(db|sqlite|sqlite3)$/i

/**
 * The store at a place: a PostgreSQL store for an address (postgres://...), a SQLite store for a
 * path that ends in .db, .sqlite or .sqlite3, else a lowdb store. What a store needs is loaded on
 * first use.
 */
export function storeAt(place: string): Store {
  if (isPostgresUrl(place)) return postgresStore(place)
  return SQLITE_FILE.test(place) ? sqliteStore(place) : lowdbStore(place)
}
