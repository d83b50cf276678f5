import type { ProcessStatus } from '../../record/record.ts'
import { processTaken } from '../../store/failures.ts'
import { ShortLivedMap } from '../../store/short-lived-map.ts'
import type { LiveProcess } from '../process/live-process.ts'
import type { KeepAlive } from './keep-alive.ts'

/**
 * The processes that a host runs. Node stays alive as long as one of them needs it: an interrupted
 * one does not (rule 7.8).
 */
export class LiveProcesses {
  readonly #byPid = new ShortLivedMap<string, LiveProcess>()
  readonly #keepAlive: KeepAlive

  constructor(keepAlive: KeepAlive) {
    this.#keepAlive = keepAlive
  }

  /** None of them does anything by itself. */
  get areIdle(): boolean {
    for (const { status } of this.#byPid.values()) if (status !== 'interrupted') return false
    return true
  }

  /** A process that was lost and has come back takes the place of the one that was. */
  add(live: LiveProcess): void {
    const { pid } = live
    const { hostId } = live.environment.store
    this.#byPid.get(pid)?.lose(processTaken(pid, hostId, hostId))
    this.#byPid.set(pid, live)
  }

  remove(pid: string): void {
    this.#byPid.delete(pid)
    this.#keepAlive.delete(pid)
  }

  get(pid: string): LiveProcess | undefined {
    return this.#byPid.get(pid)
  }

  has(pid: string): boolean {
    return this.#byPid.has(pid)
  }

  /** Of an actor that asks for its process: it is there. */
  mustGet(pid: string): LiveProcess {
    const live = this.get(pid)
    if (!live) throw new Error(`Process ${pid} is not run by this host`)
    return live
  }

  all(): IterableIterator<LiveProcess> {
    return this.#byPid.values()
  }

  onStatus(pid: string, status: ProcessStatus): void {
    if (status === 'interrupted') this.#keepAlive.delete(pid)
    else this.#keepAlive.add(pid)
  }
}
