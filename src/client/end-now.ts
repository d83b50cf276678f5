import { StepwrightError } from '../errors.ts'
import { timeAfter } from '../record/move-times.ts'
import { identityOf, type ProcessRecord, type StepRecord, type Transition } from '../record/record.ts'
import type { HostStore, Store } from '../store/store.ts'

/**
 * Ends a process in `cancelled` that no living host has, without its definition: so nothing of it is
 * undone. It is adopted by a host that exists for that alone.
 *
 * @returns its last record; `undefined` if another host was faster
 */
export async function endNow(
  store: Store,
  pid: string,
  reason: string | undefined,
  now: number,
): Promise<ProcessRecord | undefined> {
  const host = await store.openHost()
  try {
    const record = await takeOver(host, pid)
    if (record === undefined) return undefined
    await host.write(cancelled(record, reason, now))
    return record
  } finally {
    await host.close()
  }
}

async function takeOver(host: HostStore, pid: string): Promise<ProcessRecord | undefined> {
  const isIt = (record: ProcessRecord): boolean => record.pid === pid
  const isOther = (one: string): boolean => one !== pid
  for await (const { record } of host.adopt(isIt, isOther)) return record
  for await (const record of host.take(isIt, isOther)) return record
  return undefined
}

function cancelled(record: ProcessRecord, reason: string | undefined, now: number): Transition {
  const {
    progress: _progress,
    memory: _memory,
    deadline: _deadline,
    remainingMs: _left,
    outputs: _outputs,
    ...rest
  } = record
  const at = timeAfter(record.at, now)
  const identity = new Set(Object.keys(identityOf(record)))
  const kept = Object.fromEntries(Object.entries(rest).filter(([key]) => !identity.has(key))) as unknown as Transition
  return {
    ...kept,
    status: 'cancelled',
    revision: record.revision + 1,
    at,
    event: { type: 'CANCEL' },
    steps: Object.fromEntries(Object.entries(record.steps).map(([name, step]) => [name, ended(step, at)])),
    error: { name: 'ProcessCancelledError', code: 'ERR_CANCELLED', message: reason ?? 'Cancelled' },
    snapshot: { value: 'cancelled' },
  }
}

function ended(step: StepRecord, at: number): StepRecord {
  if (step.endedAt !== undefined) return step
  const { until: _until, waits: _waits, ...rest } = step
  return { ...rest, status: 'cancelled', endedAt: at }
}

export const hostHasIt = (pid: string, hostId: string, state: string): StepwrightError =>
  new StepwrightError(
    'ERR_HOST_ALIVE',
    `Process ${pid} cannot be ended here: host ${hostId} has it and is ${state}. Cancel it without \`now\``,
  )
