import { StepwrightError } from '../../errors.ts'
import { answerCommand, waitingCommands, type Command, type Refusal } from '../../store/commands.ts'
import type { Documents } from '../../store/documents.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { LiveProcess } from '../process/live-process.ts'
import { cancel, proceed, send } from '../process/steering.ts'

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
 * Applies what clients ask of the processes of this host. A command is applied, its id is in the store with the record it made, and only then
 * is it answered: a host that dies in between leaves a command that the next one finds applied.
 */
export class Commands {
  readonly #options: CommandsOptions
  /** Ids that were applied, by process; of one taken over from another host they are read from its journal. */
  readonly #applied = new WeakMap<LiveProcess, Promise<Set<string>>>()
  readonly #busy = new Set<string>()
  /** Names of commands that make no sense. */
  readonly #corrupt = new Set<string>()
  /** The newest command of a process that is being applied: those of one process wait for each other. */
  readonly #last = new WeakMap<LiveProcess, Promise<void>>()

  constructor(options: CommandsOptions) {
    this.#options = options
  }

  /** The commands that wait for processes of which `isOurs` says yes, oldest first. One that makes no sense is told once, and stays. */
  waiting(isOurs: (pid: string) => boolean): Promise<Command[]> {
    const { documents, onProblem } = this.#options
    return waitingCommands(documents, isOurs, ({ name, error }) => {
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
      if (live === undefined || this.#busy.has(command.id)) continue
      this.#busy.add(command.id)
      const before = this.#last.get(live)
      // The first one begins at once: a process that is cancelled when it is taken over begins no step.
      const done = (before === undefined ? this.#apply(live, command, areKept) : before.then(() => this.#apply(live, command, areKept)))
        .catch((error: unknown) => this.#options.onProblem(`Command ${command.id} for process ${command.pid} could not be taken`, error))
        .finally(() => {
          this.#busy.delete(command.id)
          if (this.#last.get(live) === done) this.#last.delete(live)
        })
      this.#last.set(live, done)
    }
  }

  async #apply(live: LiveProcess, command: Command, isKept: boolean): Promise<void> {
    const { pid, id } = command
    let refusal: Refusal | undefined
    // A cancel needs no duplicate check: had it been applied, the process would not be live.
    const applied = command.type === 'cancel' ? undefined : await this.#appliedTo(live)
    if (!applied?.has(id)) {
      try {
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
      await proceed(live, command.data, { step: command.step, ...cause })
      break
    case 'send':
      await send(live, command.event, cause)
  }
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof StepwrightError) return { code: error.code, message: error.message }
  return { code: 'ERR_EVENT_REFUSED', message: error instanceof Error ? error.message : String(error) }
}
