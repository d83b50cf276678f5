import { StepwrightError } from '../errors.ts'
import { isFailedVisit, isOfOpenVisit, memoryOf, outputOf } from '../record/memory.ts'
import {
  isFinal,
  type Json,
  type Memory,
  type ProcessRecord,
  type ProcessStatus,
  type StepRecord,
} from '../record/record.ts'
import type { ForkOptions } from './client.ts'
import { failedOnly, lastWithFailures } from './failed-only.ts'
import { undoAgain } from './undo-again.ts'
import { carriedOver } from './carried-over.ts'
import { createPid } from '../record/pid.ts'

/** What whoever starts or submits a process says of it. */
export interface Origin {
  readonly key?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** In milliseconds, or a date. */
  readonly delay?: number | Date | undefined
  readonly priority?: number | undefined
}

/** When and before which others a process begins, as its first record has it. */
export const queueFields = (
  { delay, priority }: Pick<Origin, 'delay' | 'priority'>,
  at: number,
): Pick<ProcessRecord, 'startsAt' | 'priority'> => ({
  ...(delay !== undefined && { startsAt: typeof delay === 'number' ? at + delay : delay.getTime() }),
  ...(priority !== undefined && { priority }),
})

/** The first record of a submission: what is known of a process without its definition. */
export function submission(
  name: string,
  input: Json,
  { key, labels, delay, priority }: Origin,
  at: number,
  pid = createPid(at),
): ProcessRecord {
  return {
    pid,
    name,
    version: '',
    shape: '',
    createdAt: at,
    input,
    outline: [],
    ...(key !== undefined && { key }),
    ...(labels !== undefined && { labels: { ...labels } }),
    ...queueFields({ delay, priority }, at),
    status: 'pending',
    revision: 1,
    at,
    event: { type: 'SUBMIT' },
    steps: {},
    recoveries: 0,
    snapshot: { value: 'pending' },
  }
}

/** The key of the process of a tick: one process starts per tick. */
export const tickKey = (name: string, tick: string): string => `schedule:${name}:${tick}`

/** Whether a process was submitted for a schedule: any host that knows the definition takes it. */
export const isTick = ({ name, key }: Pick<ProcessRecord, 'name' | 'key'>): boolean =>
  key?.startsWith(tickKey(name, '')) ?? false

/** The first record of a process that a schedule starts now, by hand. */
export function tickNow(name: string, at: number): ProcessRecord {
  const tick = new Date(at).toISOString()
  return submission(name, null, { key: tickKey(name, tick), labels: { tick } }, at)
}

/**
 * The first record of a fork: a process that continues where `step` of another one began. Any host
 * that knows the definition can take it.
 *
 * @param records the journal of the other one, oldest first
 * @param step default: the step in which the other process failed or was stopped
 * @param at the time of the store
 * @param options `fresh`: the step forgets what it remembers; `failed`: what succeeded of it stays
 * @throws ERR_UNKNOWN_STEP
 */
export function forkOf(
  records: readonly ProcessRecord[],
  step: string | undefined,
  at: number,
  { fresh: isFresh = false, failed: isOnlyFailed = false }: Pick<ForkOptions, 'fresh' | 'failed'> = {},
): ProcessRecord {
  const last = records.at(-1)!
  const from = step ?? openStep(last) ?? (isOnlyFailed ? lastWithFailures(records) : undefined)
  const underWay = from === undefined || from.includes('.') ? [] : records.filter(record => isUnderWay(record, from))
  const failures = from === undefined || !isOnlyFailed ? undefined : failedOnly(records, underWay, from, isFresh)
  const whole = from === undefined || isFresh ? undefined : stoppedMachine(records, from)
  const begun = isOnlyFailed ? failures?.begun : (whole ?? underWay[0])
  if (from === undefined || begun === undefined) throw unknownStep(last, from, isOnlyFailed && underWay.length > 0)
  const { error: _error, ...kept } = carriedOver(begun, at - begun.at)
  return {
    ...kept,
    pid: createPid(at),
    createdAt: at,
    steps: inheritedSteps(kept),
    forkedFrom: { pid: last.pid, step: from },
    ...inheritedBy(kept, records, isFresh, failures && { [from]: failures.memory }),
    revision: 1,
    recoveries: 0,
    // Pending until a host takes it; the snapshot says where it will continue.
    status: 'pending',
    event: { type: 'FORK', step: from },
  }
}

/** A process that did the step undoes it, and no fork of that process. */
const NOT_UNDONE: StepRecord = { status: 'skipped', attempt: 0 }

/** Child processes belong to the process that started them, and so does what undoes its steps. */
function inheritedSteps({ steps, outline }: Pick<ProcessRecord, 'steps' | 'outline'>): ProcessRecord['steps'] {
  const isEnded = (name: string): boolean => Object.hasOwn(steps, name) && steps[name]?.endedAt !== undefined
  const undos = outline.filter(({ name, kind }) => kind === 'undo' && isEnded(name.slice(0, -'.undo'.length)))
  return Object.fromEntries([
    ...Object.entries(steps).map(([name, { child: _child, children: _children, ...one }]) => [name, one] as const),
    ...undos.map(({ name }) => [name, NOT_UNDONE] as const),
  ])
}

/**
 * The newest record before its end of a process that was stopped in this step, if a machine ran
 * there: the machine goes on from it.
 */
const stoppedMachine = (records: readonly ProcessRecord[], step: string): ProcessRecord | undefined =>
  openStep(records.at(-1)!) === step
    ? records.findLast(record => isUnderWay(record, step) && record.snapshot.machine !== undefined)
    : undefined

/** Of steps that have ended the outputs, and of those under way the memory. */
function inheritedBy(
  { steps, outline, snapshot }: Pick<ProcessRecord, 'steps' | 'outline' | 'snapshot'>,
  records: readonly ProcessRecord[],
  isFresh: boolean,
  given: Readonly<Record<string, readonly Memory[]>> = {},
): Pick<ProcessRecord, 'inherited'> {
  const outputs: [string, Json][] = []
  const memories: [string, readonly Memory[]][] = []
  for (const [name, { endedAt }] of Object.entries(steps)) {
    const output = endedAt === undefined ? undefined : outputOf(records, name)
    if (output !== undefined) outputs.push([name, output])
    const remembered = endedAt === undefined && !isFresh ? memoryOf(records, name) : []
    // Visits of a machine that begins anew are other ones, and what failed is tried again.
    const isMachine = outline.some(one => one.name === name && one.kind === 'machine')
    const memory =
      given[name] ??
      (isMachine ? remembered.filter(one => isOfOpenVisit(one[0], snapshot) && !isFailedVisit(one)) : remembered)
    if (memory.length > 0) memories.push([name, memory])
  }
  return { inherited: { outputs: Object.fromEntries(outputs), memory: Object.fromEntries(memories) } }
}

/** A process that ends in one of these can be tried again. */
export const RETRYABLE: readonly ProcessStatus[] = ['error', 'timeout', 'cancelled']

/** The key of the process that tries another one again: there is at most one. */
export const retryKey = (pid: string): string => `retry:${pid}`

/**
 * The first record of a process that tries another one again: a fork of the step that failed, or a
 * new submission if no step had begun.
 *
 * @param records the journal of the other one, oldest first
 * @throws ERR_NOT_ENDED, ERR_NOT_FAILED
 */
export function retryOf(records: readonly ProcessRecord[], at: number): ProcessRecord {
  const last = records.at(-1)!
  const { pid, name, status, input, labels, priority } = last
  if (!isFinal(status))
    throw new StepwrightError(
      'ERR_NOT_ENDED',
      `Process ${pid} has not ended (${status}): cancel it before it is retried`,
    )
  if (!RETRYABLE.includes(status))
    throw new StepwrightError(
      'ERR_NOT_FAILED',
      `Process ${pid} cannot be retried: it has ${status}. \`fork\` repeats one of its steps`,
    )
  const undo = undoAgain(records, at)
  if (undo !== undefined) return { ...undo, key: retryKey(pid), retryOf: pid }
  // Of one that ran undos alone, everything is undone: it begins anew.
  const step = last.inherited?.data ? undefined : (undoneStep(last) ?? openStep(last))
  const again = step === undefined ? submission(name, input, { labels, priority }, at) : forkOf(records, step, at)
  return { ...again, key: retryKey(pid), retryOf: pid }
}

/**
 * The step that a process is in, or in which it failed or was stopped; `undefined` if it has
 * finished.
 */
function openStep({ error, steps, status }: ProcessRecord): string | undefined {
  if (status === 'finished') return undefined
  const open =
    error?.step ?? Object.entries(steps).find(([, step]) => step.status === status || step.endedAt === undefined)?.[0]
  // A branch cannot be forked: take its step.
  return open?.split('.')[0]
}

/** The first step that a process has undone: what follows needs it again. */
function undoneStep({ steps, outline }: ProcessRecord): string | undefined {
  const undone = outline.find(
    ({ name, kind }) => kind === 'undo' && Object.hasOwn(steps, name) && (steps[name]?.attempt ?? 0) > 0,
  )
  return undone?.name.split('.')[0]
}

/** Whether a step has begun and not ended. */
const isUnderWay = ({ steps }: ProcessRecord, step: string): boolean =>
  Object.hasOwn(steps, step) && steps[step]?.endedAt === undefined

function unknownStep(
  { pid, name, outline }: ProcessRecord,
  step: string | undefined,
  hasBegun: boolean,
): StepwrightError {
  const steps = outline.map(({ name: known }) => known).join(', ')
  const why =
    step === undefined
      ? 'it has no step that failed: name one'
      : hasBegun
        ? `nothing of its step ${JSON.stringify(step)} failed that could be repeated without the rest. Name an each or a parallel step`
        : `its step ${JSON.stringify(step)} has not begun, or it has no such step`
  return new StepwrightError(
    'ERR_UNKNOWN_STEP',
    `Process ${pid} (${name}) cannot be forked: ${why}. Its steps are ${steps === '' ? '(not known yet)' : steps}`,
  )
}
