import { memoryOf, undoneWorkOf } from '../record/memory.ts'
import type { Json, Memory, ProcessRecord, StepRecord } from '../record/record.ts'
import { carriedOver } from './carried-over.ts'
import { createPid } from '../record/pid.ts'

const UNDO = '.undo'
const stepOf = (undo: string): string => undo.slice(0, -UNDO.length)
/** The step of a branch. */
const wholeOf = (name: string): string => name.split('.')[0] as string

/**
 * The first record of a process that runs those undos of another one again that have failed: it
 * ends as the other one would have without that. `undefined` if none has failed.
 *
 * @param records the journal of the other one, oldest first
 * @param at the time of the store
 */
export function undoAgain(records: readonly ProcessRecord[], at: number): ProcessRecord | undefined {
  const last = records.at(-1)!
  const { outline, error, steps } = last
  if (error?.undos === undefined || error.cause === undefined) return undefined
  const isFailed = (name: string): boolean => Object.hasOwn(steps, name) && steps[name]?.status === 'error'
  const undos = outline.flatMap(({ name, kind }) => (kind === 'undo' ? name : []))
  const failed = undos.filter(isFailed)
  const first = failed.at(-1)
  if (first === undefined) return undefined
  const from = wholeOf(first)
  const isFirst = (name: string): boolean => wholeOf(name) === from
  const again = failed.map((name): [string, StepRecord] => [
    name,
    // Its recovery begins it, as that of every fork.
    isFirst(name) ? { status: 'running', attempt: 0, startedAt: last.at } : { status: 'pending', attempt: 0 },
  ])
  const kept = carriedOver({ ...last, steps: { ...steps, ...Object.fromEntries(again) } }, at - last.at)
  const regions = undos.filter(isFirst).map(name => [stepOf(name).slice(from.length + 1), isFailed(name)] as const)
  const isParallel = outline.some(({ name, kind }) => name === from && kind === 'parallel')
  const states: Json = isParallel
    ? Object.fromEntries(regions.map(([branch, isDue]) => [branch, isDue ? 'attempting' : 'done']))
    : 'attempting'
  return {
    ...kept,
    pid: createPid(at),
    createdAt: at,
    error: error.cause,
    forkedFrom: { pid: last.pid, step: first },
    inherited: inheritedOf(records, failed),
    snapshot: { value: { undoing: { [from]: states } } },
    revision: 1,
    recoveries: 0,
    status: 'pending',
    event: { type: 'FORK', step: first },
  }
}

/** What the steps were given and have returned, and which items are undone already. */
function inheritedOf(
  records: readonly ProcessRecord[],
  undos: readonly string[],
): NonNullable<ProcessRecord['inherited']> {
  const works = undos.map(undo => [stepOf(undo), undoneWorkOf(records, stepOf(undo))] as const)
  const undone = undos.map(undo => [undo, memoryOf(records, undo).filter(isUndone)] as const)
  const items = undos.map(undo => [stepOf(undo), memoryOf(records, stepOf(undo))] as const)
  return {
    data: Object.fromEntries(works.map(([step, { data }]) => [step, data])),
    outputs: Object.fromEntries(works.flatMap(([step, { output }]) => (output === undefined ? [] : [[step, output]]))),
    memory: Object.fromEntries([...items, ...undone].filter(([, memory]) => memory.length > 0)),
  }
}

/** Items that could not be undone are tried again. */
const isUndone = ([name]: Memory): boolean => !/^#\d+!$/.test(name)
