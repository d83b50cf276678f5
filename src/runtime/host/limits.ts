import { systemClock, type Clock } from '../../record/clock.ts'
import type { LimitRecord } from '../../record/limit.ts'
import { isLoss } from '../../store/failures.ts'
import type { HostStore } from '../../store/store.ts'
import { keepTrying } from '../keep-trying.ts'
import type { PlaceHolder } from '../process/environment.ts'

export interface LimitsOptions {
  readonly store: Pick<HostStore, 'claim' | 'vacate'>
  readonly clock: Clock
  readonly isDraining: () => boolean
  readonly onProblem: (what: string, error: unknown) => void
  /** Called when places are free, so that hosts look for what may begin. */
  readonly onFree: () => void
}

/** A process that waits for places, and the limits in which it needs them. */
interface Waiter {
  readonly process: PlaceHolder
  readonly limits: readonly LimitRecord[]
  readonly acquired: (() => void)[]
}

/** The places that processes of this host have in limits. */
export class Limits {
  readonly #options: LimitsOptions
  readonly #waiters = new Map<string, Waiter>()
  /**
   * What is under way for each process, by pid: it claims and gives up places one call after the
   * other.
   */
  readonly #last = new Map<string, Promise<void>>()

  constructor(options: LimitsOptions) {
    this.#options = options
  }

  /**
   * Claims all of these places for a process of this host, or none.
   *
   * @returns when they were claimed, in epoch milliseconds; `undefined` if there is no room
   * @throws if the host closes, or has lost the process: it is not known then whether they were
   * claimed
   */
  claim(pid: string, epoch: number | undefined, limits: readonly LimitRecord[]): Promise<number | undefined> {
    const { store, clock } = this.#options
    return this.#try(pid, async () => {
      const now = clock.now()
      return (await store.claim(pid, limits, now, epoch)) ? now : undefined
    })
  }

  /** Calls `acquired` once a process that goes on has its places. */
  acquire(process: PlaceHolder, limits: readonly LimitRecord[], acquired: () => void): void {
    const waiter = this.#waiters.get(process.pid)
    if (waiter !== undefined && waiter.process === process) return void waiter.acquired.push(acquired)
    this.#waiters.set(process.pid, { process, limits, acquired: [acquired] })
    this.#inOrder(process.pid, () => this.#serve(process.pid))
  }

  /** Gives up places, once `written` has settled. */
  vacate({ pid, epoch }: PlaceHolder, limits: readonly LimitRecord[], written: Promise<void> | undefined): void {
    const { store, onFree } = this.#options
    this.#inOrder(pid, async () => {
      await written
      await this.#try(pid, () => store.vacate(pid, limits, epoch))
      onFree()
    })
  }

  /** Call it when places may be free. Processes that go on are served before any that begin. */
  async retry(): Promise<void> {
    for (const pid of this.#waiters.keys()) this.#inOrder(pid, () => this.#serve(pid))
    await Promise.all(this.#last.values())
  }

  async #serve(pid: string): Promise<void> {
    const waiter = this.#waiters.get(pid)
    if (waiter === undefined) return
    const { process, limits, acquired } = waiter
    const isOver = (): boolean => process.isGone || this.#waiters.get(pid) !== waiter
    if (!isOver() && (await this.claim(pid, process.epoch, limits)) === undefined) return
    const isServed = !isOver()
    if (this.#waiters.get(pid) === waiter) this.#waiters.delete(pid)
    if (isServed) for (const call of acquired) call()
  }

  /** A failure means that the host closes or has lost the process, which is then not served. */
  #inOrder(pid: string, work: () => Promise<void>): void {
    const done = (this.#last.get(pid) ?? Promise.resolve())
      .then(work)
      .catch(() => {})
      .finally(() => {
        if (this.#last.get(pid) === done) this.#last.delete(pid)
      })
    this.#last.set(pid, done)
  }

  #try<T>(pid: string, work: () => Promise<T>): Promise<T> {
    const { isDraining, onProblem } = this.#options
    const passes = (error: unknown): boolean => !isDraining() && !isLoss(error)
    const onError = (error: unknown): void => onProblem(`Process ${pid} waits for its store`, error)
    return keepTrying(work, { clock: systemClock, passes, onError })
  }
}
