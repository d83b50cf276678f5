import { systemClock } from '../../record/clock.ts'
import { adoptionChannel, type AdoptionMessage } from '../../record/diagnostics.ts'
import type { ProcessRecord } from '../../record/record.ts'
import { createLoopYield } from '../../store/loop-yield.ts'
import type { AdoptedProcess, HostStore } from '../../store/store.ts'

/**
 * How often a host looks for what others left behind: a death is to be noticed and taken care of
 * within two seconds.
 */
const INTERVAL_MS = 500

export interface AdoptionOptions {
  readonly store: Pick<HostStore, 'hostId' | 'adopt'>
  readonly accept: (record: ProcessRecord) => boolean
  /** See `HostStore.adopt`; `undefined` if every answer of the store has come. */
  readonly holds: () => ((pid: string) => boolean) | undefined
  /** A whole round has gone through. */
  readonly onRound: () => void
  /** Runs once a round has taken processes, before any of them is resumed. */
  readonly prepare: (adopted: readonly AdoptedProcess[]) => Promise<void>
  readonly resume: (adopted: AdoptedProcess) => void
  /** Runs once all of a round are resumed. */
  readonly onResumed: () => void
  readonly onError: (error: unknown) => void
}

/**
 * Takes over the processes of dead hosts, and those let go in order: at the start of a host and as
 * long as it lives.
 */
export class Adoption {
  readonly #options: AdoptionOptions
  /**
   * The processes that `accept` said no to in the last round, and who had them: it would say no
   * again.
   */
  #refused: ReadonlyMap<string, string> = new Map()
  #round: Promise<void> | undefined
  #cancel: (() => void) | undefined
  #stopped = false
  #isFailing = false

  constructor(options: AdoptionOptions) {
    this.#options = options
  }

  /**
   * The first round. A store that fails on the way leaves a host that has done nothing: nothing is
   * resumed before all are taken.
   */
  async start(): Promise<void> {
    const adopted: AdoptedProcess[] = []
    await this.#takeOver(adopted)
    await this.#resumeAll(adopted)
    this.#arm()
  }

  /** Resolves once the round under way is over. */
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

  /**
   * What was taken before the store failed is this host's now, and nobody else will run it. A
   * failure is told once, not twice a second.
   */
  async #look(): Promise<void> {
    const adopted: AdoptedProcess[] = []
    try {
      await this.#takeOver(adopted)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) this.#options.onError(error)
      this.#isFailing = true
    }
    await this.#resumeAll(adopted)
  }

  async #takeOver(adopted: AdoptedProcess[]): Promise<void> {
    const refused = new Map<string, string>()
    const accept = (record: ProcessRecord, owner: string): boolean => {
      const accepted = this.#options.accept(record)
      if (!accepted) refused.set(record.pid, owner)
      return accepted
    }
    const skip = (pid: string, owner: string): boolean => {
      const skipped = this.#refused.get(pid) === owner
      if (skipped) refused.set(pid, owner)
      return skipped
    }
    const { store, holds, onRound } = this.#options
    const begunAt = systemClock.now()
    for await (const one of store.adopt(accept, skip, holds())) adopted.push(one)
    this.#refused = refused
    onRound()
    if (adopted.length > 0 && adoptionChannel.hasSubscribers)
      adoptionChannel.publish({
        host: store.hostId,
        begunAt,
        adopted: adopted.map(({ record, released }) => ({ pid: record.pid, name: record.name, released })),
      } satisfies AdoptionMessage)
  }

  async #resumeAll(adopted: AdoptedProcess[]): Promise<void> {
    if (adopted.length === 0) return
    const { prepare, resume, onResumed } = this.#options
    await prepare(adopted)
    adopted.sort((a, b) => (a.record.pid < b.record.pid ? -1 : 1))
    const yieldLoop = createLoopYield()
    const resumeSome = async (some: readonly AdoptedProcess[]): Promise<void> => {
      for (const one of some) {
        const turn = yieldLoop()
        if (turn !== undefined) await turn
        resume(one)
      }
    }
    await resumeSome(adopted.filter(one => !isPending(one)))
    // Their attempts ask for slots a microtask later, and go ahead of those that have not begun
    // (rule 7.1).
    await Promise.resolve()
    await resumeSome(adopted.filter(isPending))
    onResumed()
  }
}

const isPending = ({ record }: AdoptedProcess): boolean => record.status === 'pending'
