import type { Clock } from '../../record/clock.ts'
import { aheadOf, moveTimes } from '../../record/move-times.ts'
import { identityOf, isSubmission, type ProcessRecord } from '../../record/record.ts'
import type { Command } from '../../store/commands.ts'
import type { AdoptedProcess } from '../../store/store.ts'
import type { CheckedOptions } from '../options.ts'
import type { Environment, Program } from '../process/environment.ts'
import { LiveProcess } from '../process/live-process.ts'
import type { Children } from './children.ts'
import type { Commands } from './commands.ts'
import type { LiveProcesses } from './live-processes.ts'
import type { Programs } from './programs.ts'
import type { Reports } from './reports.ts'
import { isFreshFork } from './queue.ts'
import type { CompletedProcess } from './submissions.ts'

export interface ArrivalsOptions {
  readonly environment: Environment
  readonly live: LiveProcesses
  readonly programs: Programs
  readonly commands: Commands
  readonly children: Children
  readonly reports: Reports
  readonly clock: Clock
  readonly options: Pick<CheckedOptions, 'recover' | 'maxRecoveries'>
  /**
   * Runs a submission, a fork, or a process that waits for a limit, which a dead host had only taken.
   */
  readonly runSubmission: (record: ProcessRecord) => void
}

/** Processes that come to this host from another one, or from a client. */
export class Arrivals {
  readonly #options: ArrivalsOptions
  /** Commands that were in the store before the processes they are for came here. */
  #kept: ReadonlyMap<string, readonly Command[]> = new Map()
  /** Children whose parents are not followed yet. */
  readonly #unfollowed: { readonly child: string; readonly parent: string }[] = []

  constructor(options: ArrivalsOptions) {
    this.#options = options
  }

  /** Reads what clients have asked of these processes before they came here. */
  async prepare(pids: readonly string[]): Promise<void> {
    const { commands, reports } = this.#options
    const wanted = new Set(pids)
    try {
      this.#kept = Map.groupBy(await commands.waiting(pid => wanted.has(pid)), ({ pid }) => pid)
    } catch (error) {
      reports.problem('The commands of clients cannot be read', error)
    }
  }

  /** Goes on with an adopted process where it was. */
  resume({ record, released }: AdoptedProcess): void {
    const { programs, runSubmission } = this.#options
    const { recover, maxRecoveries } = this.#options.options
    const hasNotBegun = record.status === 'pending' && record.limits !== undefined
    if (isSubmission(record) || isFreshFork(record) || hasNotBegun) return runSubmission(record)
    const restored = programs.restoring(record)
    if (restored)
      this.run(restored.program, this.#inPresent(restored.record), live =>
        live.start({ released, fail: recover === 'fail' && !released, maxRecoveries }),
      )
  }

  /**
   * Makes a process one of this host's, and calls `start` with it unless the host closes: then the
   * next one goes on with it.
   */
  run(program: Program, record: ProcessRecord | CompletedProcess, start: (live: LiveProcess) => void): void {
    const { environment, live, commands } = this.#options
    const arrived = new LiveProcess(environment, program, identityOf(record), record)
    live.add(arrived)
    if (environment.draining) return
    start(arrived)
    // Before anything of it runs.
    commands.apply(this.#kept.get(arrived.pid) ?? [], true)
    const { parent } = arrived.record
    if (parent) this.#unfollowed.push({ child: arrived.pid, parent: parent.pid })
  }

  /**
   * Follows the parents of what has come, once all of a round are here: the parent of one may be
   * another.
   */
  followParents(): void {
    for (const { child, parent } of this.#unfollowed.splice(0)) void this.#options.children.follow(child, parent)
  }

  /** What a host whose clock was ahead has written waits no longer than it was to. */
  #inPresent(record: ProcessRecord): ProcessRecord {
    const { clock, reports } = this.#options
    const { pid } = record
    const aheadMs = aheadOf(record, clock.now())
    if (aheadMs === 0) return record
    reports.clockAhead(`Process ${pid}`, aheadMs, { pid })
    return moveTimes(record, -aheadMs)
  }
}
