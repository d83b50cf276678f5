import type { Files } from '../../journal/files.ts'
import type { Host, HostState } from '../../record/host.ts'
import { parseDocument } from '../documents.ts'
import type { Documents } from '../documents.ts'
import { cardSchemaOf } from './card.ts'
import type { HostCard } from './card.ts'
import { Liveness } from './liveness.ts'
import { isNextDoor, mayBeElsewhere } from './other-machines.ts'

/** What never changes about a host. */
interface KnownHost {
  /** `undefined`: its card was damaged. Its socket still shows whether it is alive. */
  readonly card: HostCard | undefined
  readonly elsewhere: boolean
}

/** The hosts of a store on this machine, as a reader sees them. */
export class Hosts {
  readonly #documents: Documents
  readonly #files: Files
  readonly #folder: string
  readonly #liveness: Liveness
  readonly #known = new Map<string, KnownHost>()

  /** @param folder the folder in which the sockets are */
  constructor(documents: Documents, files: Files, folder: string) {
    this.#documents = documents
    this.#files = files
    this.#folder = folder
    this.#liveness = new Liveness(folder)
  }

  /**
   * `unknown`: the host may run on another machine, or the question itself failed. Only a dead host
   * loses its processes.
   */
  async stateOf(id: string): Promise<HostState> {
    const known = await this.#know(id)
    // A host without a card may be elsewhere as well.
    const elsewhere = known === undefined ? mayBeElsewhere(this.#files, this.#folder, undefined) : known.elsewhere
    return elsewhere ? 'unknown' : this.#liveness.stateOf(id, isNextDoor(known?.card))
  }

  async all(ids: readonly string[]): Promise<Host[]> {
    for (const id of this.#known.keys()) if (!ids.includes(id)) this.forget(id)
    const hosts = await Promise.all(ids.map(id => this.get(id)))
    return hosts.filter(host => host !== undefined)
  }

  /** Returns `undefined` if there is no such host, or no longer. */
  async get(id: string): Promise<Host | undefined> {
    const known = await this.#know(id)
    if (known === undefined) return undefined
    const { osPid = 0, hostname = '', startedAt } = known.card ?? {}
    const state = await this.stateOf(id)
    return {
      id,
      osPid,
      hostname,
      ...(startedAt !== undefined && { startedAt: new Date(startedAt).toISOString() }),
      state,
    }
  }

  /** The owner of a process, though there may not even be a card. */
  async owner(id: string): Promise<Host> {
    return (await this.get(id)) ?? { id, osPid: 0, hostname: '', state: await this.stateOf(id) }
  }

  forget(id: string): void {
    this.#known.delete(id)
    this.#liveness.forget(id)
  }

  async #know(id: string): Promise<KnownHost | undefined> {
    const before = this.#known.get(id)
    if (before !== undefined) return before
    const document = await this.#documents.get('hosts', id)
    if (document === undefined) return undefined
    let card: HostCard | undefined
    try {
      card = parseDocument<HostCard>(document, cardSchemaOf)
    } catch {
      // The host is listed without what its card would say.
    }
    const known = { card, elsewhere: mayBeElsewhere(this.#files, this.#folder, card) }
    this.#known.set(id, known)
    return known
  }
}
