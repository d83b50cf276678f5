import type { AnyStateMachine } from 'xstate'
import { chartOf } from '../machines/chart.ts'
import { compile } from '../machines/compile.ts'
import { hasState } from '../machines/snapshot.ts'
import { shapeOf } from '../machines/shape.ts'
import type { ProcessDefinition } from '../steps/definition.ts'
import { planOf } from '../steps/define-process.ts'
import { missingServices } from '../steps/execute.ts'
import { show } from '../steps/show.ts'
import { everyStep, type PlannedStep, type ProcessPlan } from '../steps/plan.ts'
import type { ProcessIdentity, ProcessRecord } from '../store/record.ts'
import type { StoredChart } from '../store/store.ts'
import type { AttemptLogic, TimerLogic } from './actors.ts'
import type { Program } from './live-process.ts'

/** The actors a machine invokes, as a host provides them. */
export interface ProvidedActors {
  readonly attempt: AttemptLogic
  readonly timer: TimerLogic
}

/** A program with what a new process's first record says of it. */
export interface KnownProgram extends Program {
  readonly shape: string
  readonly outline: ProcessIdentity['outline']
}

export interface KnownDefinition {
  readonly plan: ProcessPlan
  readonly shape: string
  readonly steps: ReadonlyMap<string, PlannedStep>
  readonly outline: ProcessIdentity['outline']
  timed?: AnyStateMachine
  untimed?: AnyStateMachine
}

/**
 * The definitions a host knows, by name and version.
 * @throws TypeError if one is given twice, is none, or needs a service that is not there
 */
export function definitionsOf(processes: readonly ProcessDefinition[], services: object): Map<string, KnownDefinition> {
  const known = new Map<string, KnownDefinition>()
  for (const definition of processes) {
    const plan = planOf(definition)
    const id = idOf(plan)
    if (known.has(id)) throw new TypeError(`createRuntime({ processes }): '${plan.name}' version '${plan.version}' is given twice`)
    const missing = missingServices(plan, services)
    if (missing.length > 0)
      throw new TypeError(
        `createRuntime({ services }): process '${plan.name}' needs ${missing.map(name => `'${name}'`).join(', ')}; received ${show(services)}`,
      )
    known.set(id, {
      plan,
      shape: shapeOf(plan),
      steps: new Map(everyStep(plan).map(step => [step.name, step])),
      outline: everyStep(plan).map(({ name, kind }) => ({ name, kind })),
    })
  }
  return known
}

/** Each definition with its machine: compiled once, shared by all its processes. */
export class Programs {
  readonly #actors: ProvidedActors
  readonly #entries: ReadonlyMap<string, KnownDefinition>

  constructor(definitions: ReadonlyMap<string, KnownDefinition>, actors: ProvidedActors) {
    this.#entries = definitions
    this.#actors = actors
  }

  /** What viewers need of the definitions: never code, never a spec's arguments. */
  charts(): StoredChart[] {
    return [...this.#entries.values()].map(({ plan, shape }) => ({ name: plan.name, version: plan.version, shape, chart: chartOf(plan) }))
  }

  /** The definition's program, if this host knows it. */
  find(plan: ProcessPlan, timed: boolean): KnownProgram | undefined {
    const entry = this.#entries.get(idOf(plan))
    return entry?.plan === plan ? this.#program(entry, timed) : undefined
  }

  /** The program that can go on with a record: the same name and version, and a machine that has the record's states. */
  restoring(record: ProcessRecord): Program | undefined {
    const entry = this.#entries.get(idOf(record))
    if (!entry) return undefined
    const program = this.#program(entry, record.deadline !== undefined || record.remainingMs !== undefined)
    return hasState(program.machine, record.snapshot.value) ? program : undefined
  }

  #program(entry: KnownDefinition, timed: boolean): KnownProgram {
    const { plan, steps, shape, outline } = entry
    const machine = (entry[timed ? 'timed' : 'untimed'] ??= compile(plan, timed).provide({ actors: { ...this.#actors } }))
    return { plan, steps, shape, outline, machine }
  }
}

const idOf = ({ name, version }: { name: string; version: string }): string => `${name}@${version}`
