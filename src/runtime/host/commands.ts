import { StepwrightError } from '../../errors.ts'
import {
  answerCommand,
  commandState,
  putCommand,
  waitingCommands,
  type Command,
  type Refusal,
} from '../../store/commands.ts'
import type { Documents } from '../../store/documents.ts'
import type { Target } from '../../client/steer.ts'
import { defined } from '../../record/defined.ts'
import { isFinal, type ProcessRecord } from '../../record/record.ts'
import { show } from '../../record/show.ts'
import type { LiveProcess } from '../process/live-process.ts'
import { cancel, proceed, send } from '../process/steering.ts'
import { takerOf, type Message, type Taker } from '../process/taker.ts'

/** A process keeps this many events and answers for steps that have not begun. */
const MAX_KEPT = 1000

export interface CommandsOptions {
  readonly documents: Documents
  readonly find: (pid: string) => LiveProcess | undefined
  /** The journal of a process that another host may have steered before. */
  readonly history: (pid: string) => Promise<readonly ProcessRecord[] | undefined>
  readonly onProblem: (what: string, error: unknown) => void
  /** A command that was kept, so that no client waits for its answer, cannot be done. */
  readonly onRefused: (live: LiveProcess, command: Command, refusal: Refusal) => Promise<void>
}

/**
 * Applies what clients ask of the processes of this host. A command is applied, its id is in the
 * store with the record it made, and only then is it answered: a host that dies in between leaves a
 * command that the next one finds applied.
 */
export class Commands {
  readonly #options: CommandsOptions
  /**
   * Ids that were applied, by process; of one taken over from another host they are read from its
   * journal.
   */
  readonly #applied = new WeakMap<LiveProcess, Promise<Set<string>>>()
  readonly #busy = new Set<string>()
  /** Names of commands that make no sense. */
  readonly #corrupt = new Set<string>()
  /**
   * The newest command of a process that is being applied: those of one process wait for each
   * other.
   */
  readonly #last = new WeakMap<LiveProcess, Promise<void>>()
  /**
   * Commands that wait for their step to begin, oldest first. They stay in the store until then.
   */
  readonly #kept = new WeakMap<LiveProcess, Command[]>()

  constructor(options: CommandsOptions) {
    this.#options = options
  }

  /**
   * The commands that wait for processes of which `isOurs` says yes, oldest first. One that makes
   * no sense is told once, and stays.
   */
  waiting(isOurs: (pid: string) => boolean): Promise<Command[]> {
    const { documents, onProblem } = this.#options
    const isWanted = (pid: string, id: string): boolean => {
      const live = this.#options.find(pid)
      return isOurs(pid) && !(live && this.#isKept(live, id))
    }
    return waitingCommands(documents, isWanted, ({ name, error }) => {
      if (!this.#corrupt.has(name)) onProblem('A command makes no sense', error)
      this.#corrupt.add(name)
    })
  }

  /**
   * Does not wait for them: one that takes long must not hold up the others.
   * @param areKept whether they were there before the process was this host's
   */
  apply(commands: readonly Command[], areKept = false): void {
    for (const command of commands) {
      const live = this.#options.find(command.pid)
      if (live === undefined || this.#busy.has(command.id) || this.#isKept(live, command.id)) continue
      this.#enqueue(live, command.id, async () => {
        // What came before and was kept goes first.
        if (command.type !== 'cancel' && this.#kept.has(live)) await this.#applyKept(live)
        await this.#apply(live, command, areKept)
      })
    }
  }

  /**
   * Those of one process wait for each other; the first one begins at once: a process that is
   * cancelled when it is taken over begins no step.
   */
  #enqueue(live: LiveProcess, id: string | undefined, work: () => Promise<void>): void {
    if (id !== undefined) this.#busy.add(id)
    const before = this.#last.get(live)
    const done = (before === undefined ? work() : before.then(work))
      .catch((error: unknown) =>
        this.#options.onProblem(`Command ${id ?? ''} for process ${live.pid} could not be taken`, error),
      )
      .finally(() => {
        if (id !== undefined) this.#busy.delete(id)
        if (this.#last.get(live) === done) this.#last.delete(live)
        // The step that takes it may have begun meanwhile.
        this.onRecord(live)
      })
    this.#last.set(live, done)
  }

  #isKept(live: LiveProcess, id: string): boolean {
    return this.#kept.get(live)?.some(kept => kept.id === id) ?? false
  }

  /**
   * Whether a message has to go through the store: its step has not begun, or others that came
   * before it wait.
   */
  mustQueue(live: LiveProcess, message: Message): boolean {
    if (live.isGone) return false
    if (this.#last.has(live) || this.#kept.has(live)) return true
    return takerOf(live, message)?.isReady === false
  }

  /**
   * The process is in another state: applies what was kept for it, and refuses what no step takes
   * any more.
   */
  onRecord(live: LiveProcess): void {
    if (this.#last.has(live) || !this.#kept.get(live)?.some(command => !this.#mustWait(live, command))) return
    this.#enqueue(live, undefined, () => this.#applyKept(live))
  }

  async #applyKept(live: LiveProcess): Promise<void> {
    for (;;) {
      const kept = this.#kept.get(live) ?? []
      const due = kept.find(command => !this.#mustWait(live, command))
      if (due === undefined) return
      const left = kept.filter(command => command !== due)
      this.#busy.add(due.id)
      try {
        if (left.length === 0) this.#kept.delete(live)
        else this.#kept.set(live, left)
        // Whoever asked for it may have taken it back.
        if ((await commandState(this.#options.documents, due.pid, due.id)) === 'taken') continue
        await this.#apply(live, due, 'kept' in due)
      } finally {
        this.#busy.delete(due.id)
      }
    }
  }

  /** The process has ended: nothing takes what was kept for it. */
  onEnd(live: LiveProcess): void {
    const kept = this.#kept.get(live) ?? []
    this.#kept.delete(live)
    for (const command of kept) void this.#refuse(live, command, toRefusal(endedError(live)))
  }

  async #refuse(live: LiveProcess, command: Command, refusal: Refusal): Promise<void> {
    const { documents, onProblem, onRefused } = this.#options
    try {
      await onRefused(live, command, refusal)
      await answerCommand(documents, command.pid, command.id)
    } catch (error) {
      onProblem(`Command ${command.id} for process ${command.pid} could not be refused`, error)
    }
  }

  #mustWait(live: LiveProcess, command: Command): boolean {
    return command.type !== 'cancel' && !isFinal(live.status) && takerOf(live, command)?.isReady === false
  }

  /** Keeps a command until its step begins. @throws ERR_EVENT_REFUSED, ERR_NOT_INTERRUPTED */
  async #keep(live: LiveProcess, command: Command & { type: 'send' | 'proceed' }): Promise<void> {
    const kept = this.#kept.get(live) ?? []
    const { step, unchecked } = takerOf(live, command) as Taker
    if (kept.length >= MAX_KEPT)
      throw new StepwrightError('ERR_EVENT_REFUSED', `Process ${live.pid} keeps ${MAX_KEPT} events and answers already`)
    if (unchecked !== undefined) return this.#holdUntilChecked(live, { ...command, step, ...unchecked } as Command)
    if (command.type === 'proceed' && kept.some(other => isForTheSame(other, { step, ...command })))
      throw new StepwrightError(
        'ERR_NOT_INTERRUPTED',
        `Process ${live.pid} has not come to ${command.name === undefined ? `step '${step}'` : show(command.name)}, and has an answer for it already`,
      )
    const isOfStep = command.type === 'proceed' && command.name === undefined
    const marked: Command = { ...command, kept: true, ...(isOfStep && { step }) }
    if (!command.kept) await putCommand(this.#options.documents, marked)
    this.#kept.set(live, [...kept, marked])
  }

  /**
   * The schema of a wait is in the work of its step, which has not run on this host. So the step
   * begins anew, and the client waits as long.
   */
  #holdUntilChecked(live: LiveProcess, command: Command): void {
    this.#kept.set(live, [...(this.#kept.get(live) ?? []), command])
    live.dispatch({ type: 'RESUME', at: live.environment.clock.now() })
  }

  async #apply(live: LiveProcess, command: Command, isKept: boolean): Promise<void> {
    const { pid, id } = command
    let refusal: Refusal | undefined
    // A cancel needs no duplicate check: had it been applied, the process would not be live.
    const applied = command.type === 'cancel' ? undefined : await this.#appliedTo(live)
    if (!applied?.has(id)) {
      try {
        if (command.type !== 'cancel' && this.#mustWait(live, command)) {
          await this.#keep(live, command)
          return
        }
        await applyTo(live, command)
        applied?.add(id)
      } catch (error) {
        // The next host takes it.
        if (live.isLost || (error instanceof StepwrightError && error.code === 'ERR_RUNTIME_CLOSED')) return
        refusal = toRefusal(error)
        if (isKept) await this.#options.onRefused(live, command, refusal)
      }
    }
    await answerCommand(this.#options.documents, pid, id, refusal)
  }

  #appliedTo(live: LiveProcess): Promise<Set<string>> {
    const known = this.#applied.get(live)
    if (known !== undefined) return known
    const applied = live.isRestored ? this.#readApplied(live) : Promise.resolve(new Set<string>())
    this.#applied.set(live, applied)
    applied.catch(() => this.#applied.delete(live))
    return applied
  }

  async #readApplied({ pid }: LiveProcess): Promise<Set<string>> {
    const records = (await this.#options.history(pid)) ?? []
    return new Set(records.flatMap(({ event }) => event.command ?? []))
  }
}

async function applyTo(live: LiveProcess, command: Command): Promise<void> {
  const cause = { command: command.id }
  switch (command.type) {
    case 'cancel':
      await cancel(live, command.reason, cause)
      break
    case 'proceed':
      await proceed(live, command.data, { ...targetIn(command), ...cause })
      break
    case 'send':
      await send(live, command.event, cause)
  }
}

const targetIn = ({ step, name, since }: Command & { type: 'proceed' }): Target => defined({ step, name, since })

/** Whether two answers are for the same pause, or for waits of the same name. */
const isForTheSame = (one: Command, other: Target): boolean =>
  one.type === 'proceed' && one.name === other.name && (one.name !== undefined || one.step === other.step)

const endedError = ({ pid, status }: LiveProcess): StepwrightError =>
  new StepwrightError('ERR_ALREADY_ENDED', `Process ${pid} has ended (${status}): no step was left that takes it`)

function toRefusal(error: unknown): Refusal {
  if (error instanceof StepwrightError) return { code: error.code, message: error.message }
  return { code: 'ERR_EVENT_REFUSED', message: error instanceof Error ? error.message : String(error) }
}
