import type { ErrorRecord, Json, MachineSnapshot, Memory, ProcessRecord } from './record.ts'

/**
 * How a visit of a step actor has ended: what its machine step remembers as `#<number>`. What
 * `once` remembers in the visit is `#<number>:<name>`.
 */
export type VisitOutcome = { readonly output: Json } | { readonly error: ErrorRecord }

/** Whether a machine in this state still needs what its step remembers by this name. */
export function isOfOpenVisit(name: string, { machine }: MachineSnapshot): boolean {
  const { visits } = (machine ?? {}) as { readonly visits?: { readonly open: Readonly<Record<string, number>> } }
  return Object.values(visits?.open ?? {}).some(number => name === `#${number}` || name.startsWith(`#${number}:`))
}

/** Whether this is how a visit has failed. */
export const isFailedVisit = ([name, outcome]: Memory): boolean =>
  /^#\d+$/.test(name) && Object.hasOwn(outcome as object, 'error')

/** What `step` remembers, by the journal of its process: of each name the newest output. */
export function memoryOf(records: readonly ProcessRecord[], step: string): Memory[] {
  const inherited = own(records[0]?.inherited?.memory, step) ?? []
  return [...inherited, ...records.flatMap(({ event, memory = [] }) => (event.step === step ? memory : []))]
}

/**
 * The output of `step`, by the journal of its process; `undefined` if it has not ended or was
 * skipped.
 */
export function outputOf(records: readonly ProcessRecord[], step: string): Json | undefined {
  const inherited = own(records[0]?.inherited?.outputs, step)
  if (inherited !== undefined) return inherited
  // The output of a branch is a part of the data.
  if (step.includes('.')) return workOf(records, step).output
  // Leaving a step and beginning the next one is one line, whose data is still the output.
  const ending = records.find(({ steps }) => own(steps, step)?.endedAt !== undefined)
  if (ending === undefined || own(ending.steps, step)?.status !== 'finished') return undefined
  return ending.data === undefined ? ending.input : ending.data
}

/** What a step was given, and what it returned. */
export interface StepWork {
  readonly data: Json
  /** Absent: it has not finished. */
  readonly output?: Json
}

/**
 * The work of a step or of a branch, by the journal of its process. What `proceed` brought after it
 * is no part of its output.
 */
export function workOf(records: readonly ProcessRecord[], step: string): StepWork {
  const inherited = inheritedWork(records, step)
  if (inherited !== undefined) return inherited
  const begun = records.find(({ steps }) => own(steps, step) !== undefined) ?? records[0]!
  const data = dataOf(begun)
  const done = records.find(({ event }) => event.type === 'DONE' && event.step === step)
  if (done !== undefined) return { data, output: own(done.outputs, step) ?? dataOf(done) }
  // The last branch ends together with its step.
  const ended = records.find(({ steps }) => own(steps, step)?.status === 'finished')
  const output = ended && own(dataOf(ended) as Readonly<Record<string, Json>>, step.slice(step.indexOf('.') + 1))
  return { data, ...(output !== undefined && { output }) }
}

/** The items of an each step, and the outputs of those that have finished, by index. */
export function itemsOf(
  records: readonly ProcessRecord[],
  step: string,
): { readonly items: readonly Json[]; readonly outputs: ReadonlyMap<number, Json> } {
  const inherited = inheritedWork(records, step)
  // An attempt has made the list before any item begins.
  const prepared = records.find(({ event }) => event.type === 'PREPARED' && event.step === step)
  if (prepared === undefined && inherited === undefined) return { items: [], outputs: new Map() }
  const items = (inherited?.data ?? dataOf(prepared as ProcessRecord)) as readonly Json[]
  if (inherited?.output !== undefined)
    return { items, outputs: new Map((inherited.output as readonly Json[]).entries()) }
  const done = records.find(({ event }) => event.type === 'DONE' && event.step === step)
  if (done !== undefined) return { items, outputs: new Map((dataOf(done) as readonly Json[]).entries()) }
  const remembered = memoryOf(records, step).flatMap(([name, output]): [number, Json][] =>
    /^#\d+$/.test(name) ? [[Number(name.slice(1)), output]] : [],
  )
  return { items, outputs: new Map(remembered) }
}

/** Of a step that another process did, and that this one undoes. */
function inheritedWork(records: readonly ProcessRecord[], step: string): StepWork | undefined {
  const { data: given, outputs } = records[0]?.inherited ?? {}
  const data = own(given, step)
  if (data === undefined) return undefined
  const output = own(outputs, step)
  return { data, ...(output !== undefined && { output }) }
}

/** The work of a step, for another process that undoes it: of an each step its data is the list. */
export function undoneWorkOf(records: readonly ProcessRecord[], step: string): StepWork {
  const isEach = records[0]?.outline.some(({ name, kind }) => name === step && kind === 'each')
  const { data, output } = workOf(records, step)
  const given = isEach ? (itemsOf(records, step).items as Json) : data
  return { data: given, ...(output !== undefined && { output }) }
}

const dataOf = ({ data, input }: ProcessRecord): Json => (data === undefined ? input : data)

const own = <T>(values: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  values !== undefined && Object.hasOwn(values, key) ? values[key] : undefined
