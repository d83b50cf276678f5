import { defined } from './defined.ts'
import type { Json, MachineSnapshot, ProcessRecord, StepRecord, Wait } from './record.ts'

const moved = (ms: number | undefined, byMs: number): number | undefined => (ms === undefined ? undefined : ms + byMs)

/**
 * A record as if it had been written so many milliseconds later: whatever it still waits for is as
 * far away as it was.
 */
export function moveTimes(record: ProcessRecord, byMs: number): ProcessRecord {
  const { children = {} } = record.snapshot
  const steps = Object.entries(record.steps).map(([name, step]) => {
    const untilDate = isDate(children[`${name}:wake`]) || isDate(children[`${name}:wait`])
    return [name, isOpen(step) ? { ...moveStep(step, byMs), ...(untilDate && { until: step.until }) } : step] as const
  })
  return defined({
    ...record,
    at: record.at + byMs,
    deadline: moved(record.deadline, byMs),
    steps: Object.fromEntries(steps),
    snapshot: moveSnapshot(record.snapshot, byMs),
  })
}

const isOpen = ({ endedAt }: StepRecord): boolean => endedAt === undefined

const moveStep = (step: StepRecord, byMs: number): StepRecord =>
  defined({
    ...step,
    startedAt: moved(step.startedAt, byMs),
    until: moved(step.until, byMs),
    waits: step.waits?.map(wait => moveWait(wait, byMs)),
  })

const moveWait = (wait: Wait, byMs: number): Wait =>
  defined({ ...wait, since: wait.since + byMs, until: wait.isDate ? wait.until : moved(wait.until, byMs) })

function moveSnapshot({ children, machine, ...snapshot }: MachineSnapshot, byMs: number): MachineSnapshot {
  return {
    ...snapshot,
    ...(children && {
      children: Object.fromEntries(Object.entries(children).map(([id, child]) => [id, moveTimer(child, byMs)])),
    }),
    ...(machine !== undefined && { machine: moveDelays(machine, byMs) }),
  }
}

/** A timer as XState persists it: its input is an absolute time. */
interface PersistedTimer {
  readonly snapshot?: { readonly input?: { readonly at?: Json; readonly isDate?: Json } }
}

const isDate = (child: Json | undefined): boolean =>
  (child as PersistedTimer | undefined)?.snapshot?.input?.isDate === true

/** A date stays as it is. */
function moveTimer(child: Json, byMs: number): Json {
  const { snapshot } = child as PersistedTimer
  const at = snapshot?.input?.at
  if (typeof at !== 'number' || isDate(child)) return child
  return { ...(child as Record<string, Json>), snapshot: { ...snapshot, input: { at: at + byMs } } }
}

/** The delayed events of a user's machine. */
function moveDelays(machine: Json, byMs: number): Json {
  const { timers = [], ...rest } = machine as { readonly timers?: readonly { readonly at: number }[] }
  return { ...rest, timers: timers.map(timer => ({ ...timer, at: timer.at + byMs })) }
}

/** Clocks of hosts may differ by this much. */
const SKEW_MS = 60_000

/**
 * The time of a record after one of `before`: never earlier, though the clocks of two hosts differ.
 * A clock that was further ahead was wrong, and is not followed.
 */
export const timeAfter = (before: number, now: number): number => (before - now > SKEW_MS ? now : Math.max(before, now))

/**
 * How far the clock that wrote a record was ahead of `now`, in milliseconds; 0 if it was not, or no
 * more than clocks differ.
 */
export function aheadOf({ at, steps }: ProcessRecord, now: number): number {
  const begun = Object.values(steps).map(step => (isOpen(step) ? (step.startedAt ?? 0) : 0))
  const aheadMs = Math.max(at, ...begun) - now
  return aheadMs > SKEW_MS ? aheadMs : 0
}
