/**
 * Keep all processes in one SQLite file.
 *
 * @module stepwright/sqlite
 */

import { resolve } from 'node:path'
import { show } from '../../record/show.ts'
import { lazyStore } from '../lazy-store.ts'
import type { Store } from '../store.ts'

export interface SqliteStoreOptions {
  /**
   * What a written record survives: 'process' (the default) the death of the Node process, and all
   * but the last moments a power failure too; 'power' a power failure as well, with one sync of the
   * disk per commit.
   */
  readonly durability?: 'process' | 'power'
}

/**
 * A store in one SQLite file that is private to the user, for millions of processes and fast lists.
 * Any number of Node processes on one machine may be its hosts and clients. It does nothing until
 * it is used. The file is created when the first host opens, or a client submits a process.
 *
 * @param file relative to the current working directory. `openClient` and the command line
 * recognise it by its ending: .db, .sqlite or .sqlite3
 * @throws TypeError if `file` is not a path, or for an unknown durability
 * @example
 * import { sqliteStore } from 'stepwright/sqlite'
 * const runtime = await createRuntime({ processes: [importDump], store: sqliteStore('/var/lib/app/processes.sqlite') })
 */
export function sqliteStore(file: string, { durability = 'process' }: SqliteStoreOptions = {}): Store {
  if (typeof file !== 'string' || file === '' || file.includes('\0'))
    throw new TypeError(`A store's file is a path, got ${show(file)}`)
  if (durability !== 'process' && durability !== 'power') {
    throw new TypeError(`sqliteStore(file, { durability }) is 'process' or 'power', got ${show(durability)}`)
  }
  const location = resolve(file)
  return lazyStore(location, async () => {
    const { OpenedStore } = await import('./opened-store.ts')
    return new OpenedStore(location, durability)
  })
}
