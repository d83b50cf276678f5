import fs from 'node:fs'
import { FOLDER_MODE, makeFolder } from '../../journal/files.ts'
import { newCard } from '../hosts/card.ts'
import type { HostCard } from '../hosts/card.ts'
import { Liveness } from '../hosts/liveness.ts'
import { mayBeElsewhere } from '../hosts/other-machines.ts'
import { removeSocket } from '../hosts/socket-path.ts'
import type { Host, HostState } from '../../record/host.ts'
import type { Database } from './database.ts'

/** The owner of processes that were let go in order and wait for a host. */
export const RELEASED = 'released'
/** The owner of processes that were submitted and wait for a host. */
export const SUBMITTED = 'submitted'

/** The folder of the hosts' sockets, beside the file: the same for all who open it, by whatever link. */
export const socketFolder = (file: string): string => `${fs.realpathSync(file)}-hosts`

export function makeSocketFolder(file: string): string {
  const folder = socketFolder(file)
  makeFolder(fs, folder)
  fs.chmodSync(folder, FOLDER_MODE)
  return folder
}

export const registerHost = (db: Database, id: string): void =>
  void db.run('INSERT INTO hosts (id, card) VALUES (?, ?)', id, JSON.stringify(newCard(id)))

/** Once nothing of a host is left, neither is the host. @returns whether it is gone */
export const removeHost = (db: Database, id: string): boolean =>
  db.run('DELETE FROM hosts WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM processes WHERE owner = ?1)', id) > 0

/** What is known of a host for good. */
interface Known {
  readonly card: HostCard
  readonly elsewhere: boolean
}

/** The hosts of a store as a reader sees them. */
export class Hosts {
  readonly #db: Database
  readonly #folder: string
  readonly #liveness: Liveness
  readonly #known = new Map<string, Known>()

  constructor(db: Database) {
    this.#db = db
    this.#folder = socketFolder(db.file)
    this.#liveness = new Liveness(this.#folder)
  }

  /** `unknown`: it may run on another machine, or the question itself failed. Only who is dead is ever robbed. */
  async stateOf(id: string): Promise<HostState> {
    return (await this.#know(id))?.elsewhere ? 'unknown' : this.#liveness.stateOf(id)
  }

  async all(): Promise<Host[]> {
    const rows = await this.#db.read(() => this.#db.all<{ id: string }>('SELECT id FROM hosts'))
    return Promise.all(rows.map(({ id }) => this.get(id)))
  }

  /** One of which there is not even a card is dead. */
  async get(id: string): Promise<Host> {
    const known = await this.#know(id)
    if (known === undefined) return { id, osPid: 0, hostname: '', startedAt: 0, state: 'dead' }
    const { osPid, hostname, startedAt } = known.card
    return { id, osPid, hostname, startedAt, state: await this.stateOf(id) }
  }

  /** Clears away what is left of a host that is no longer in the store. */
  forget(id: string): void {
    this.#known.delete(id)
    this.#liveness.forget(id)
    removeSocket(fs, this.#folder, id)
  }

  async #know(id: string): Promise<Known | undefined> {
    const before = this.#known.get(id)
    if (before !== undefined) return before
    const row = await this.#db.read(() => this.#db.get<{ card: string }>('SELECT card FROM hosts WHERE id = ?', id))
    if (row === undefined) return undefined
    const card = JSON.parse(row.card) as HostCard
    const known = { card, elsewhere: mayBeElsewhere(fs, this.#folder, card.bootId) }
    this.#known.set(id, known)
    return known
  }
}
