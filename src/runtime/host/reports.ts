import { isStoreError, StepwrightError } from '../../errors.ts'
import type { Clock } from '../../record/clock.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { Command, Refusal } from '../../store/commands.ts'
import type { Documents } from '../../store/documents.ts'
import { putMisfit } from '../../store/misfits.ts'
import type { AdoptedProcess, HostStore } from '../../store/store.ts'
import type { Events } from '../events.ts'
import type { Logger } from '../logger.ts'
import type { LiveProcess } from '../process/live-process.ts'
import type { Unrestorable } from './programs.ts'

export interface ReportsOptions {
  readonly store: Pick<HostStore, 'hostId' | 'append'>
  readonly documents: Documents
  readonly clock: Clock
  readonly logger: Logger
  readonly events: Events
}

/** What a host has to say of itself goes to its logger, and to those who listen to its events. */
export class Reports {
  readonly #options: ReportsOptions

  constructor(options: ReportsOptions) {
    this.#options = options
  }

  problem(what: string, error?: unknown, pid?: string): void {
    const { store, logger, events } = this.#options
    const message = error === undefined ? what : `${what}: ${messageOf(error)}`
    const code = error instanceof StepwrightError ? error.code : undefined
    const where = pid === undefined ? {} : { pid }
    logger.warn({ host: store.hostId, ...where, ...(code !== undefined && { code }), err: error }, message)
    if (isStoreError(error)) events.emit('store-error', () => ({ error, message, ...where }))
  }

  /** @param what was written by a host whose clock was so far ahead of this one's */
  clockAhead(what: string, aheadMs: number, where: { readonly pid: string } | { readonly schedule: string }): void {
    const { store, logger, events } = this.#options
    const message = `${what} was written by a host whose clock was ${Math.round(aheadMs / 1000)} s ahead: it goes on by the clock of this one`
    logger.warn({ host: store.hostId, ...where, aheadMs }, message)
    // Whoever opens the host hears of it too.
    setImmediate(() => events.emit('clock-ahead', () => ({ ...where, aheadMs, message })))
  }

  /** A process has failed, and nobody here waits for it. */
  failed({ pid, name, error }: ProcessRecord): void {
    const { store, logger } = this.#options
    const { step, attempt, message } = error ?? { message: 'no reason was recorded' }
    const where = step === undefined ? '' : ` in step '${step}', attempt ${attempt}`
    logger.error(
      { host: store.hostId, pid, ...(step !== undefined && { code: 'ERR_STEP_FAILED' }), err: error },
      `Process ${pid} (${name}) failed${where}, and nobody here waits for it: ${message}`,
    )
  }

  adopted(adopted: readonly AdoptedProcess[]): void {
    const { store, logger, events } = this.#options
    const pids = adopted.map(({ record }) => record.pid)
    logger.info({ host: store.hostId, pids }, `Host ${store.hostId} goes on with ${pids.length} processes of others`)
    events.emit('host', () => ({ type: 'adopted', pids: [...pids] }))
  }

  /**
   * A process whose definition is known, and which cannot go on with it: for people here, and in
   * the store for all who read it.
   */
  misfit({ pid, name, version, revision }: ProcessRecord, { reason, message }: Unrestorable): void {
    const { store, documents, clock, logger, events } = this.#options
    logger.warn(
      { host: store.hostId, pid, reason },
      `Process ${pid} (${name}, version ${version}) is left alone: ${message}`,
    )
    // Whoever opens the host hears of it too.
    setImmediate(() => events.emit('misfit', () => ({ pid, name, version, reason, message })))
    putMisfit(documents, { pid, host: store.hostId, reason, message, revision, at: clock.now() }).catch(
      (error: unknown) => this.problem(`Why process ${pid} is left alone could not be stored`, error, pid),
    )
  }

  lost(losses: readonly StepwrightError[], pids: readonly string[]): void {
    const { store, logger, events } = this.#options
    const message = `Host ${store.hostId} has lost ${pids.length} processes: ${losses[0]?.message}`
    logger.warn({ host: store.hostId, pids, code: losses[0]?.code }, message)
    events.emit('host', () => ({ type: 'lost', pids: [...pids] }))
  }

  /**
   * A command that was kept cannot be done: people here are told, and in the log of its process
   * whoever asked for it.
   */
  async refused({ pid, steps }: LiveProcess, command: Command, { code, message }: Refusal): Promise<void> {
    const { store, clock, logger, events } = this.#options
    const { id, type } = command
    const told = `A ${type} that was kept for process ${pid} cannot be done: ${message}`
    const where = { host: store.hostId, pid, command: id, code }
    logger.warn(where, told)
    events.emit('command-refused', () => ({ pid, type, code, message }))
    const [step = '', { attempt = 0 } = {}] =
      Object.entries(steps).findLast(([name]) => type !== 'proceed' || name === command.step) ?? []
    try {
      const entry = { at: clock.now(), step, attempt, message: told, fields: { command: id, code } }
      await store.append('log', pid, [entry])
    } catch (error) {
      logger.warn({ ...where, err: error }, `The log of process ${pid} could not be written`)
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
