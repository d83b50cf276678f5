import type { Documents } from '../documents.ts'
import type { HostStore } from '../store.ts'
import { newCard } from './card.ts'
import { HostSocket, RELIGHT_MS } from './host-socket.ts'

/** For so long after it was not seen, a host looks for what may have been taken from it. */
const SUSPECT_MS = 10_000

export interface PresenceOptions {
  /** The folder of the sockets. */
  readonly hosts: string
  readonly hostId: string
  readonly documents: Documents
  /**
   * Makes what a host has in the store besides its card. Returns false if the store itself is gone:
   * nothing is made then.
   */
  readonly prepare: () => boolean
  /** Called while the host may have been taken for dead. */
  readonly onSuspicion: () => Promise<void>
}

/**
 * What shows others that a host is there: its socket and its card. Somebody may delete them while
 * it is alive (a tidy-up of temporary files, a restored backup, or `adopt` with `force`); it then
 * makes them anew.
 */
export class HostPresence {
  readonly #options: PresenceOptions
  readonly #socket: HostSocket
  readonly #card: string
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #suspectUntil = 0
  /** Sets the callback for "somebody asked the host to look". */
  onWake: () => void = () => {}

  constructor(options: PresenceOptions) {
    this.#options = options
    this.#card = JSON.stringify(newCard(options.hostId))
    this.#socket = new HostSocket(options.hosts, options.hostId, () => this.onWake())
  }

  /** The socket first, so that nobody ever sees a host that seems dead before it began. */
  async open(): Promise<void> {
    await this.#socket.open()
    try {
      await this.#putCard()
      this.#options.prepare()
    } catch (error) {
      await this.#socket.close()
      throw error
    }
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    }, RELIGHT_MS).unref()
  }

  /** The card and the socket are no longer looked after. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** From here on others see that the host is dead. */
  async close(): Promise<void> {
    await this.stop()
    await this.#socket.close()
  }

  #putCard(): Promise<void> {
    const { documents, hostId } = this.#options
    return documents.put('hosts', hostId, this.#card)
  }

  async #look(): Promise<void> {
    const { documents, hostId, prepare, onSuspicion } = this.#options
    try {
      const hasCard = (await documents.get('hosts', hostId)) !== undefined
      if ((!hasCard || !this.#socket.isThere) && prepare()) {
        this.#suspectUntil = performance.now() + SUSPECT_MS
        if (!this.#socket.isThere) await this.#socket.open()
        if (!hasCard) await this.#putCard()
      }
      if (performance.now() < this.#suspectUntil) await onSuspicion()
    } catch {
      // The store fails: the next look is due before long.
    }
  }
}

const presences = new WeakMap<HostStore, HostPresence>()

export function setPresence<H extends HostStore>(host: H, presence: HostPresence): H {
  presences.set(host, presence)
  return host
}

/** For tests: others see the host dead from now on, as after SIGKILL, and it lets go of nothing. */
export async function letDie(host: HostStore): Promise<void> {
  await presences.get(host)?.close()
}
