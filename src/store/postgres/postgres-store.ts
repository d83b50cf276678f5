/**
 * Keep processes in PostgreSQL, for hosts on several machines.
 *
 * @module stepwright/postgres
 */

import { lazyStore } from '../lazy-store.ts'
import type { Store } from '../store.ts'
import { placeAt } from './place.ts'

export interface PostgresStoreOptions {
  /**
   * The schema that holds the tables: a-z, 0-9 and _. Stores in different schemas know nothing of
   * each other.
   *
   * @default 'stepwright', or the one in the address: postgres://host/database?schema=name
   */
  readonly schema?: string
}

/**
 * A store in a PostgreSQL database (14 or newer), for hosts and clients on any number of machines.
 * It does nothing until it is used. The tables are created when the first host opens, or a client
 * submits a process. Needs the package `pg`.
 *
 * @param url for example postgres://app@db.internal:5432/app. The password may stand in it, in
 * PGPASSWORD or in ~/.pgpass. Hosts need a connection to the server itself or a pooler in session
 * mode
 * @throws TypeError if `url` is no PostgreSQL address, or for a bad schema
 * @example
 * import { postgresStore } from 'stepwright/postgres'
 * const runtime = await createRuntime({ processes: [importDump], store: postgresStore('postgres://app@db.internal/app') })
 */
export function postgresStore(url: string, { schema }: PostgresStoreOptions = {}): Store {
  const place = placeAt(url, schema)
  const load = async (): Promise<Store> => {
    const { OpenedStore } = await import('./opened-store.ts')
    return new OpenedStore(place)
  }
  return lazyStore(place.location, load, true)
}
