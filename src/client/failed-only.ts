import { memoryOf, outputOf } from '../record/memory.ts'
import type { Inherited, Json, Memory, ProcessRecord, StepRecord } from '../record/record.ts'

/** What a fork that repeats failures takes from the journal of the other process. */
export interface FailedOnly {
  /** The record that the fork continues from: its step is under way, and knows what succeeded. */
  readonly begun: ProcessRecord
  /** What the step remembers. */
  readonly memory: NonNullable<Inherited['memory']>[string]
}

/** The states of an each step that has its list. */
const WORKING: ReadonlySet<unknown> = new Set(['items', 'children'])

/** An item that was done with, and not the memory that it has of its own. */
const ITEM = /^#\d+!?$/

type Output = { readonly status: string; readonly value: Json }
const succeeded = (settled: Json | undefined): settled is Json & Output => isSettled(settled, 'fulfilled')
const failed = (settled: Json): boolean => isSettled(settled, 'rejected')

function isSettled(settled: Json | undefined, status: Output['status']): boolean {
  return typeof settled === 'object' && settled !== null && (settled as { readonly status?: unknown }).status === status
}

/** The last step of a process that kept failures, if there were any. */
export function lastWithFailures(records: readonly ProcessRecord[]): string | undefined {
  const kinds = records.at(-1)?.outline.filter(({ kind }) => kind === 'each' || kind === 'parallel') ?? []
  return kinds.findLast(({ name }) => Object.values(outputOf(records, name) ?? {}).some(failed))?.name
}

/**
 * Where a step of many pieces begins anew with those that failed, or had not ended.
 *
 * @param underWay the records in which the step is under way, oldest first
 * @param isFresh what failed forgets what it did once
 * @returns `undefined` if it is no such step, or nothing of it is left to do
 */
export function failedOnly(
  records: readonly ProcessRecord[],
  underWay: readonly ProcessRecord[],
  step: string,
  isFresh: boolean,
): FailedOnly | undefined {
  const { kind } = records.at(-1)?.outline.find(({ name }) => name === step) ?? {}
  if (kind === 'each') return failedItems(records, underWay, step, isFresh)
  return kind === 'parallel' ? failedBranches(records, underWay, step, isFresh) : undefined
}

function failedItems(
  records: readonly ProcessRecord[],
  underWay: readonly ProcessRecord[],
  step: string,
  isFresh: boolean,
): FailedOnly | undefined {
  // Its list is made by then.
  const begun = underWay.find(({ snapshot }) => WORKING.has(stateOf(snapshot.value, step)))
  if (begun === undefined) return undefined
  const items = begun.data as readonly Json[]
  const all = memoryOf(records, step)
  const output = outputOf(records, step) as readonly Json[] | undefined
  const done = output
    ? output.flatMap((one, index): Memory[] => (succeeded(one) ? [[`#${index}`, one.value]] : []))
    : all.filter(([name]) => /^#\d+$/.test(name))
  if (output && !output.some(failed)) return undefined
  if (done.length >= items.length) return undefined
  return { begun, memory: [...(isFresh ? [] : all.filter(([name]) => !ITEM.test(name))), ...done] }
}

function failedBranches(
  records: readonly ProcessRecord[],
  underWay: readonly ProcessRecord[],
  step: string,
  isFresh: boolean,
): FailedOnly | undefined {
  const last = underWay.findLast(({ steps }) => branchesIn(steps, step).length > 0)
  const begun = underWay.find(({ steps }) => branchesIn(steps, step).length > 0)
  if (begun === undefined || last === undefined) return undefined
  const paths = branchesIn(begun.steps, step)
  const output = outputOf(records, step) as Readonly<Record<string, Json>> | undefined
  if (output && !Object.values(output).some(failed)) return undefined
  const outputs = new Map<string, Json>()
  for (const path of paths) {
    const settled = output?.[path.slice(step.length + 1)]
    const before = last.outputs?.[path]
    if (succeeded(settled)) outputs.set(path, settled.value)
    else if (output === undefined && before !== undefined) outputs.set(path, before)
  }
  const ended = records.findLast(({ steps }) => branchesIn(steps, step).length > 0)!.steps
  const steps = Object.entries(begun.steps).map(([name, one]): [string, StepRecord] => [
    name,
    outputs.has(name) ? (ended[name] ?? one) : one,
  ])
  const states = Object.fromEntries(
    paths.map(path => [path.slice(step.length + 1), outputs.has(path) ? 'done' : 'attempting']),
  )
  return {
    begun: {
      ...begun,
      steps: Object.fromEntries(steps),
      outputs: Object.fromEntries(outputs),
      snapshot: { ...begun.snapshot, value: withStates(begun.snapshot.value, states) as Json },
    },
    memory: isFresh ? [] : memoryOf(records, step),
  }
}

const branchesIn = (steps: ProcessRecord['steps'], step: string): string[] =>
  Object.keys(steps).filter(name => name.startsWith(`${step}.`))

const stateOf = (value: Json, step: string): unknown =>
  (value as { readonly running?: Readonly<Record<string, unknown>> }).running?.[step]

/** A state value in which the object that has these keys is another one. */
function withStates(value: unknown, states: Readonly<Record<string, string>>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Object.keys(states).every(key => Object.hasOwn(value, key))) return states
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withStates(inner, states)]))
}
