import { StepwrightError } from '../errors.ts'
import type { Json, ProcessRecord } from '../record/record.ts'
import { moveTimes } from '../record/move-times.ts'
import { createPid } from '../record/pid.ts'

/** The record of a process that waits for a worker: all that is known without its definition. */
export function submission(
  name: string,
  input: Json,
  { key, labels }: { key?: string | undefined; labels?: Readonly<Record<string, string>> | undefined },
): ProcessRecord {
  const at = Date.now()
  return {
    pid: createPid(at),
    name,
    version: '',
    shape: '',
    createdAt: at,
    input,
    outline: [],
    ...(key !== undefined && { key }),
    ...(labels !== undefined && { labels: { ...labels } }),
    status: 'pending',
    revision: 1,
    at,
    event: { type: 'SUBMIT' },
    steps: {},
    recoveries: 0,
    snapshot: { value: 'pending' },
  }
}

/**
 * The record of a process that goes on from where `step` of another one began, for whichever host knows the definition.
 *
 * @param records the journal of the other one, oldest first
 * @param step without one, the step in which it failed or was stopped
 * @throws ERR_UNKNOWN_STEP
 */
export function forkOf(records: readonly ProcessRecord[], step: string | undefined): ProcessRecord {
  const last = records.at(-1)!
  const from = step ?? openStep(last)
  const begun = from === undefined || from.includes('.') ? undefined : records.find(record => isUnderWay(record, from))
  if (from === undefined || begun === undefined) throw unknownStep(last, from)
  const at = Date.now()
  const {
    key: _key,
    parent: _parent,
    progress: _progress,
    items: _items,
    deaths: _deaths,
    error: _error,
    ...kept
  } = moveTimes(begun, at - begun.at)
  return {
    ...kept,
    pid: createPid(at),
    createdAt: at,
    // Children belong to the one that started them.
    steps: Object.fromEntries(Object.entries(kept.steps).map(([name, { child: _child, ...one }]) => [name, one])),
    forkedFrom: { pid: last.pid, step: from },
    revision: 1,
    recoveries: 0,
    // Until a host takes it: its snapshot says where it stands.
    status: 'pending',
    event: { type: 'FORK', step: from },
  }
}

/** Where a process stands that has not ended, or did not finish. */
function openStep({ error, steps, status }: ProcessRecord): string | undefined {
  if (status === 'finished') return undefined
  const open = error?.step ?? Object.entries(steps).find(([, step]) => step.status === status || step.endedAt === undefined)?.[0]
  // Of a branch, the step it belongs to.
  return open?.split('.')[0]
}

/** Whether the process stands in a step. A fork has steps that ended before it began. */
const isUnderWay = ({ steps }: ProcessRecord, step: string): boolean => Object.hasOwn(steps, step) && steps[step]?.endedAt === undefined

function unknownStep({ pid, name, outline }: ProcessRecord, step: string | undefined): StepwrightError {
  const steps = outline.map(({ name: known }) => known).join(', ')
  const why =
    step === undefined ? 'it has no step that failed: name one' : `its step ${JSON.stringify(step)} has not begun, or it has no such step`
  return new StepwrightError(
    'ERR_UNKNOWN_STEP',
    `Process ${pid} (${name}) cannot be forked: ${why}. Its steps are ${steps === '' ? '(not known yet)' : steps}`,
  )
}
