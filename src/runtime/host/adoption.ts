import type { ProcessRecord } from '../../record/record.ts'
import type { AdoptedProcess, HostStore } from '../../store/store.ts'
import { systemClock } from '../clock.ts'

/** How often a host looks for what others left behind: a death is to be noticed and taken care of within two seconds. */
const INTERVAL_MS = 500

/** Takes over the processes of dead hosts, and those let go in order: at the start of a host and as long as it lives. */
export class Adoption {
  readonly #store: HostStore
  readonly #accept: (record: ProcessRecord) => boolean
  readonly #prepare: (adopted: readonly AdoptedProcess[]) => Promise<void>
  readonly #resume: (adopted: AdoptedProcess) => void
  readonly #onError: (error: unknown) => void
  #round: Promise<void> | undefined
  #cancel: (() => void) | undefined
  #stopped = false
  #failing = false

  /** @param prepare runs between taking and resuming */
  constructor(
    store: HostStore,
    accept: (record: ProcessRecord) => boolean,
    prepare: (adopted: readonly AdoptedProcess[]) => Promise<void>,
    resume: (adopted: AdoptedProcess) => void,
    onError: (error: unknown) => void,
  ) {
    this.#prepare = prepare
    this.#store = store
    this.#accept = accept
    this.#resume = resume
    this.#onError = onError
  }

  /** The first round. A store that fails on the way leaves a host that has done nothing: nothing begins before all are taken. */
  async begin(): Promise<void> {
    const adopted: AdoptedProcess[] = []
    await this.#take(adopted)
    await this.#goOn(adopted)
    this.#arm()
  }

  /** Ends it; resolves once the round under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#round
  }

  /** Hosts die by the clock on the wall, whatever clock the processes go by. */
  #arm(): void {
    if (this.#stopped) return
    this.#cancel = systemClock.after(INTERVAL_MS, () => {
      this.#round = this.#look().finally(() => this.#arm())
    })
  }

  /** What was taken before the store failed is this host's now, and nobody else will run it. A failure is told once, not twice a second. */
  async #look(): Promise<void> {
    const adopted: AdoptedProcess[] = []
    try {
      await this.#take(adopted)
      this.#failing = false
    } catch (error) {
      if (!this.#failing) this.#onError(error)
      this.#failing = true
    }
    await this.#goOn(adopted)
  }

  async #take(adopted: AdoptedProcess[]): Promise<void> {
    for await (const one of this.#store.adopt(this.#accept)) adopted.push(one)
  }

  async #goOn(adopted: AdoptedProcess[]): Promise<void> {
    if (adopted.length === 0) return
    await this.#prepare(adopted)
    adopted.sort((a, b) => (a.record.pid < b.record.pid ? -1 : 1))
    adopted.filter(one => !isPending(one)).forEach(this.#resume)
    // Their attempts ask for slots a microtask later, and go ahead of those that have not begun (rule 7.1).
    await Promise.resolve()
    adopted.filter(isPending).forEach(this.#resume)
  }
}

const isPending = ({ record }: AdoptedProcess): boolean => record.status === 'pending'
