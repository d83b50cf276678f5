import { ifThere, readText, writeAtomically } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { readFailed } from '../../journal/failures.ts'
import type { Host, HostState } from '../../record/host.ts'
import { hostIdsIn } from './folders.ts'
import type { Folders } from './folders.ts'
import { newCard } from '../hosts/card.ts'
import type { HostCard } from '../hosts/card.ts'
import { Liveness } from '../hosts/liveness.ts'
import { mayBeElsewhere } from '../hosts/other-machines.ts'

export function writeHostCard(files: Files, folders: Folders, id: string): void {
  writeAtomically(files, folders.hostFile(id), `${JSON.stringify(newCard(id))}\n`)
}

/** The hosts of a store as a reader sees them. */
export class Hosts {
  readonly #files: Files
  readonly #folders: Folders
  readonly #liveness: Liveness
  readonly #cards = new Map<string, HostCard>()

  constructor(files: Files, folders: Folders) {
    this.#files = files
    this.#folders = folders
    this.#liveness = new Liveness(folders.hosts)
  }

  /** `unknown`: it may run on another machine, or the question itself failed. Only who is dead is ever robbed. */
  async stateOf(id: string): Promise<HostState> {
    const bootId = (this.#cards.get(id) ?? this.#readCard(id))?.bootId
    return mayBeElsewhere(this.#files, this.#folders.hosts, bootId) ? 'unknown' : this.#liveness.stateOf(id)
  }

  async all(): Promise<Host[]> {
    const ids = hostIdsIn(this.#files, this.#folders)
    for (const id of this.#cards.keys()) if (!ids.includes(id)) this.forget(id)
    const hosts = await Promise.all(ids.map(id => this.get(id)))
    return hosts.filter(host => host !== undefined)
  }

  /** `undefined`: there is no such host, or no longer. */
  async get(id: string): Promise<Host | undefined> {
    const card = this.#cards.get(id) ?? this.#readCard(id)
    if (card === undefined) return undefined
    const { osPid, hostname, startedAt } = card
    return { id, osPid, hostname, startedAt, state: await this.stateOf(id) }
  }

  forget(id: string): void {
    this.#cards.delete(id)
    this.#liveness.forget(id)
  }

  #readCard(id: string): HostCard | undefined {
    const file = this.#folders.hostFile(id)
    let text: string | undefined
    try {
      text = ifThere(() => readText(this.#files, file))
    } catch (error) {
      throw readFailed(file, error)
    }
    if (text === undefined) return undefined
    const card = parseCard(id, text)
    this.#cards.set(id, card)
    return card
  }
}

/** A card that was damaged still stands for a host, which its socket shows to be alive or dead. */
function parseCard(id: string, text: string): HostCard {
  let value: Partial<HostCard> | null = null
  try {
    value = JSON.parse(text) as Partial<HostCard> | null
  } catch {
    // Told by the zeros below.
  }
  const { osPid, hostname, startedAt, bootId } = value ?? {}
  return {
    id,
    osPid: typeof osPid === 'number' ? osPid : 0,
    hostname: typeof hostname === 'string' ? hostname : '',
    startedAt: typeof startedAt === 'number' ? startedAt : 0,
    ...(typeof bootId === 'string' && { bootId }),
  }
}
