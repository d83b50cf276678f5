import type { AnyStateMachine } from 'xstate'
import { compile } from '../machines/compile.ts'
import { hasState } from '../machines/snapshot.ts'
import { shapeOf } from '../machines/shape.ts'
import type { ProcessDefinition } from '../steps/definition.ts'
import { planOf } from '../steps/define-process.ts'
import { missingServices } from '../steps/execute.ts'
import type { PlannedStep, ProcessPlan } from '../steps/plan.ts'
import type { ProcessIdentity, ProcessRecord } from '../store/record.ts'
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

interface Entry {
  readonly plan: ProcessPlan
  readonly shape: string
  readonly steps: ReadonlyMap<string, PlannedStep>
  readonly outline: ProcessIdentity['outline']
  timed?: AnyStateMachine
  untimed?: AnyStateMachine
}

/** The definitions a host knows, by name and version, each with its machine: compiled once, shared by all its processes. */
export class Programs {
  readonly #actors: ProvidedActors
  readonly #entries = new Map<string, Entry>()

  constructor(definitions: readonly ProcessDefinition[], services: object, actors: ProvidedActors) {
    this.#actors = actors
    for (const definition of definitions) {
      const plan = planOf(definition)
      const id = idOf(plan)
      if (this.#entries.has(id)) throw new TypeError(`createRuntime({ processes }): '${plan.name}' version '${plan.version}' is given twice`)
      const missing = missingServices(plan, services)
      if (missing.length > 0) throw new TypeError(`createRuntime({ services }): process '${plan.name}' needs ${missing.map(name => `'${name}'`).join(', ')}`)
      this.#entries.set(id, {
        plan, shape: shapeOf(plan), steps: new Map(plan.steps.map(step => [step.name, step])),
        outline: plan.steps.map(({ name, kind }) => ({ name, kind })),
      })
    }
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

  #program(entry: Entry, timed: boolean): KnownProgram {
    const { plan, steps, shape, outline } = entry
    const machine = (entry[timed ? 'timed' : 'untimed'] ??= compile(plan, timed).provide({ actors: { ...this.#actors } }))
    return { plan, steps, shape, outline, machine }
  }
}

const idOf = ({ name, version }: { name: string; version: string }): string => `${name}@${version}`
