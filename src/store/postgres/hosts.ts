import type { StepwrightError } from '../../errors.ts'
import type { Host } from '../../record/host.ts'
import type { Documents } from '../documents.ts'
import { notOwned, processTaken } from '../failures.ts'
import { readCards } from '../hosts/card.ts'
import type { Ask, Connection } from './connection.ts'
import { hostStates } from './liveness.ts'

/** The owner of processes that a host let go in order and that wait for the next one. */
export const RELEASED = 'released'
/** The owner of processes that were submitted and wait for a host. */
export const SUBMITTED = 'submitted'

export const isHost = (owner: string | null): owner is string =>
  owner !== null && owner !== RELEASED && owner !== SUBMITTED

/**
 * How long what was read of all hosts is good for: a list of thousands of processes asks for the
 * hosts a few times.
 */
const FRESH_MS = 100

/** The hosts of a store, as a reader sees them. */
export class Hosts {
  readonly #connection: Connection
  readonly #documents: Documents
  #known: { readonly hosts: Promise<Map<string, Host>>; readonly freshUntil: number } | undefined

  constructor(connection: Connection, documents: Documents) {
    this.#connection = connection
    this.#documents = documents
  }

  async all(): Promise<Host[]> {
    return [...(await this.#read()).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }

  /**
   * The owner of a process: one that the store does not know any more is dead. `undefined`: it has
   * none.
   */
  async owner(id: string | null): Promise<Host | undefined> {
    if (!isHost(id)) return undefined
    if (this.#known === undefined || performance.now() > this.#known.freshUntil) {
      const hosts = this.#read()
      this.#known = { hosts, freshUntil: performance.now() + FRESH_MS }
      hosts.catch(() => (this.#known = undefined))
    }
    return (await this.#known.hosts).get(id) ?? { id, osPid: 0, hostname: '', state: 'dead' }
  }

  async #read(): Promise<Map<string, Host>> {
    const states = await hostStates(this.#connection.ask, this.#connection.place)
    const cards = new Map((await readCards(this.#documents)).map(card => [card.id, card]))
    return new Map(
      [...states].map(([id, state]) => {
        const { osPid = 0, hostname = '', startedAt } = cards.get(id) ?? {}
        return [
          id,
          {
            id,
            osPid,
            hostname,
            ...(startedAt !== undefined && { startedAt: new Date(startedAt).toISOString() }),
            state,
          },
        ] as const
      }),
    )
  }
}

/** Removes what is known of a host, within a transaction of the caller. */
export async function forgetHost(ask: Ask, id: string): Promise<void> {
  await ask('DELETE FROM hosts WHERE id = $1', [id])
  await ask("DELETE FROM documents WHERE collection = 'hosts' AND name = $1", [id])
}

/** Why a host may not write: the process is gone, or is with somebody else. */
export const notOurs = (
  pid: string,
  hostId: string,
  row: { readonly owner: string | null } | undefined,
): StepwrightError =>
  row === undefined ? notOwned(pid, hostId) : processTaken(pid, hostId, isHost(row.owner) ? row.owner : undefined)
