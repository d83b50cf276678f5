import type { AnyStateMachine } from 'xstate'
import { chartOf } from '../../machines/chart.ts'
import { compile } from '../../machines/compile.ts'
import { migrated } from '../../machines/migrate.ts'
import { misfitOf, type Misfit } from '../../machines/misfit.ts'
import { tabulate } from '../../machines/transition-table.ts'
import { checkXState, commonParent } from '../../machines/xstate-internals.ts'
import { stepAt } from '../../record/record.ts'
import { shapeOf } from '../../machines/shape.ts'
import type { ProcessDefinition } from '../../record/definition.ts'
import { copyJson, toJson } from '../../record/json.ts'
import { show } from '../../record/show.ts'
import { childPlans, everyStep, missingServices, planOf, worksOf, type ProcessPlan } from '../../steps/plan.ts'
import type { AttemptedStep } from '../../steps/kinds/kinds.ts'
import { isSubmission, type ProcessIdentity, type ProcessRecord } from '../../record/record.ts'
import type { StoredChart } from '../../store/charts.ts'
import type { AttemptLogic, ChildLogic, MachineLogic, TimerLogic } from '../attempt/actors.ts'
import { stepActorsOf } from '../attempt/step-actor.ts'
import type { Program } from '../process/environment.ts'

/** The actors a machine invokes, as a host provides them. */
export interface ProvidedActors {
  readonly attempt: AttemptLogic
  readonly items: AttemptLogic
  readonly children: AttemptLogic
  readonly child: ChildLogic
  readonly machine: MachineLogic
  readonly timer: TimerLogic
}

/** A program with what a new process's first record says of it. */
export interface KnownProgram extends Program {
  readonly shape: string
  readonly outline: ProcessIdentity['outline']
}

export interface Restored {
  readonly program: Program
  readonly record: ProcessRecord
  /** `migrate` says where it goes on. */
  readonly isMigrated: boolean
}

/** Why a host leaves a process as it is. */
export interface Unrestorable {
  readonly reason: 'unknown-definition' | 'unknown-version' | 'failed-migration' | Misfit['reason']
  readonly message: string
}

export interface KnownDefinition {
  readonly plan: ProcessPlan
  readonly shape: string
  readonly steps: ReadonlyMap<string, AttemptedStep>
  readonly outline: ProcessIdentity['outline']
  timed?: AnyStateMachine
  untimed?: AnyStateMachine
}

/**
 * The definitions a host knows, by name and version.
 * @throws TypeError if one is given twice or is none
 */
export function definitionsOf(processes: readonly ProcessDefinition[]): Map<string, KnownDefinition> {
  const known = new Map<string, KnownDefinition>()
  const given = processes.map(planOf)
  // Children first: the last version of a name serves new starts, and what is given counts for more
  // than what comes with it.
  const implied = new Set(given.flatMap(childPlans).filter(plan => !given.includes(plan)))
  for (const plan of [...implied, ...given]) {
    const id = idOf(plan)
    if (known.has(id))
      throw new TypeError(`createRuntime({ processes }): '${plan.name}' version '${plan.version}' is given twice`)
    known.set(id, {
      plan,
      shape: shapeOf(plan),
      steps: new Map(everyStep(plan).map(step => [step.name, step])),
      outline: everyStep(plan).map(({ name, kind }) => ({ name, kind })),
    })
  }
  return known
}

/** @throws TypeError if a definition needs a service that is not there */
export function checkServices(definitions: ReadonlyMap<string, KnownDefinition>, services: object): void {
  for (const { plan } of definitions.values()) {
    const missing = missingServices([...worksOf(plan), ...stepActorsOf(plan).map(({ work }) => work)], services)
    if (missing.length > 0)
      throw new TypeError(
        `createRuntime({ services }): process '${plan.name}' needs ${missing.map(name => `'${name}'`).join(', ')}; received ${show(services)}`,
      )
  }
}

/** Each definition with its machine: compiled once, shared by all its processes. */
export class Programs {
  readonly #actors: ProvidedActors | undefined
  readonly #entries: ReadonlyMap<string, KnownDefinition>
  readonly #isTabulated: boolean
  readonly #onMisfit: (record: ProcessRecord, why: Unrestorable) => void

  /**
   * @param actors absent: nothing will run
   * @param isInspected an inspector has to see what XState itself does
   * @param onMisfit called with what is left alone, though its definition is known
   */
  constructor(
    definitions: ReadonlyMap<string, KnownDefinition>,
    actors?: ProvidedActors,
    isInspected = false,
    onMisfit: (record: ProcessRecord, why: Unrestorable) => void = () => {},
  ) {
    this.#onMisfit = onMisfit
    this.#entries = definitions
    this.#actors = actors
    this.#isTabulated = actors !== undefined && !isInspected && process.env['STEPWRIGHT_TRANSITIONS'] !== 'xstate'
    if (this.#isTabulated) checkXState()
  }

  /** What viewers need of the definitions: never code, never a spec's arguments. */
  charts(): StoredChart[] {
    return [...this.#entries.values()].map(({ plan, shape }) => ({
      name: plan.name,
      version: plan.version,
      shape,
      chart: chartOf(plan),
    }))
  }

  /** Whether a definition of this name and version is known, be it another object. */
  has(plan: ProcessPlan): boolean {
    return this.#entries.has(idOf(plan))
  }

  /** The definition's program, if this host knows it. */
  find(plan: ProcessPlan, timed: boolean): KnownProgram | undefined {
    const entry = this.#entries.get(idOf(plan))
    return entry?.plan === plan ? this.#program(entry, timed) : undefined
  }

  /** The program that serves new processes of a name: the last of its versions. */
  latest(name: string): KnownProgram | undefined {
    const entry = this.#newest(name)
    return entry && this.#program(entry, entry.plan.timeoutMs !== undefined)
  }

  /**
   * What this host makes of a record. One that it cannot restore, though it knows the definition,
   * is reported.
   */
  restoring(record: ProcessRecord): Restored | undefined {
    const found = this.examine(record)
    if ('program' in found) return found
    if (found.reason !== 'unknown-definition') this.#onMisfit(record, found)
    return undefined
  }

  /**
   * The program that goes on with a record, and the record as that program knows it: of the same
   * name and version, with a machine that has the record's states; else what `migrate` of the
   * newest definition of that name says. What was submitted begins under the newest.
   */
  examine(record: ProcessRecord): Restored | Unrestorable {
    const { name, version } = record
    const newest = this.#newest(name)
    if (newest === undefined) return { reason: 'unknown-definition', message: `there is no definition '${name}'` }
    if (isSubmission(record))
      return { program: this.#program(newest, newest.plan.timeoutMs !== undefined), record, isMigrated: false }
    const timed = record.deadline !== undefined || record.remainingMs !== undefined
    const entry = this.#entries.get(idOf(record))
    const program = entry && this.#program(entry, timed)
    const misfit: Unrestorable | undefined = program
      ? misfitOf(program.plan, program.machine, record)
      : {
          reason: 'unknown-version',
          message: `definition '${name}' has no version '${version}', and does not migrate it`,
        }
    if (program && !misfit) return { program, record: renamed(record, program), isMigrated: false }
    // It must not go forward any more.
    if (misfit && record.status === 'undoing') return misfit
    try {
      const moved = migrate(record, newest.plan)
      if (!moved) return misfit as Unrestorable
      const next = this.#program(newest, timed)
      return { program: next, record: renamed(moved, next), isMigrated: true }
    } catch (error) {
      return { reason: 'failed-migration', message: error instanceof Error ? error.message : String(error) }
    }
  }

  #newest(name: string): KnownDefinition | undefined {
    return [...this.#entries.values()].findLast(({ plan }) => plan.name === name)
  }

  #machine(plan: ProcessPlan, timed: boolean): AnyStateMachine {
    const machine = compile(plan, timed).provide({ actors: { ...this.#actors } })
    return this.#isTabulated ? tabulate(machine) : machine
  }

  #program(entry: KnownDefinition, timed: boolean): KnownProgram {
    const { plan, steps, shape, outline } = entry
    const machine = (entry[timed ? 'timed' : 'untimed'] ??= this.#machine(plan, timed))
    return { plan, steps, shape, outline, machine, parent: this.#isTabulated ? commonParent() : undefined }
  }
}

/** A process that goes on under another shape than it began with says so from then on. */
function renamed(record: ProcessRecord, { plan, shape, outline }: KnownProgram): ProcessRecord {
  if (record.version === plan.version && record.shape === shape) return record
  const definition = { version: plan.version, shape, outline }
  return { ...record, ...definition, definition }
}

/**
 * What `migrate` of a definition makes of a record. @throws whatever it throws, or why it cannot be
 * done
 */
function migrate(record: ProcessRecord, plan: ProcessPlan): ProcessRecord | undefined {
  const { pid, version, steps, input, data = input } = record
  const step = stepAt(steps)
  const to = plan.migrate?.({
    pid,
    version,
    data: copyJson(data),
    input: copyJson(input),
    ...(step !== undefined && { step }),
  })
  return (
    to && migrated(record, plan, { step: to.step, ...(to.data !== undefined && { data: toJson(to.data, Infinity) }) })
  )
}

const idOf = ({ name, version }: { name: string; version: string }): string => `${name}@${version}`
