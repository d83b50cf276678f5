import { createPid } from '../../record/pid.ts'
import type { Memory, MemoryLine, ProcessRecord, ProgressLine, Transition } from '../../record/record.ts'
import type { HostStore } from '../../store/store.ts'

let clock = Date.UTC(2030, 0, 1)

/** The first record of a new process; each is a millisecond younger than the one before. */
export function aRecord(changes: Partial<ProcessRecord> = {}): ProcessRecord {
  clock += 1
  return {
    pid: createPid(clock),
    name: 'import-dump',
    version: '1',
    shape: 'f00',
    createdAt: clock,
    input: { file: 'dump.xml' },
    outline: [
      { name: 'read', kind: 'step' },
      { name: 'parse', kind: 'step' },
    ],
    status: 'pending',
    revision: 1,
    at: clock,
    event: { type: 'stepwright.created' },
    steps: {},
    recoveries: 0,
    snapshot: { value: 'pending' },
    ...changes,
  }
}

/** As a client that knows nothing but a name would make it. */
export const aSubmission = (changes: Partial<ProcessRecord> = {}): ProcessRecord =>
  aRecord({ version: '', shape: '', outline: [], ...changes })

/** A transition of the process that `record` describes. */
export function aTransition(
  { pid, name, at, epoch }: ProcessRecord,
  revision: number,
  changes: Partial<Transition> = {},
): Transition {
  return {
    pid,
    name,
    status: 'running',
    revision,
    at: at + revision,
    event: { type: 'START' },
    steps: { read: { status: 'running', attempt: 1, startedAt: at + revision } },
    recoveries: 0,
    snapshot: { value: { running: 'read' } },
    ...(epoch !== undefined && { epoch }),
    ...changes,
  }
}

export function theEnd(record: ProcessRecord, revision: number, changes: Partial<Transition> = {}): Transition {
  return aTransition(record, revision, {
    status: 'finished',
    data: { rows: 3 },
    snapshot: { value: 'finished' },
    ...changes,
  })
}

export function aReport(
  { pid, name, at, epoch }: ProcessRecord,
  revision: number,
  progress: ProgressLine['progress'],
): ProgressLine {
  const event = { type: 'PROGRESS', step: 'read' }
  return {
    pid,
    name,
    status: 'running',
    revision,
    at: at + revision,
    event,
    ...(epoch !== undefined && { epoch }),
    progress,
  }
}

export function aMemory({ pid, name, at }: ProcessRecord, revision: number, memory: readonly Memory[]): MemoryLine {
  return {
    pid,
    name,
    status: 'running',
    revision,
    at: at + revision,
    event: { type: 'REMEMBER', step: 'read' },
    memory,
  }
}

/** Puts a process with its first record into the store. */
export async function created(host: HostStore, changes: Partial<ProcessRecord> = {}): Promise<ProcessRecord> {
  const record = aRecord(changes)
  await host.create(record)
  return record
}

/** Puts a process into the store that has ended. */
export async function ended(
  host: HostStore,
  changes: Partial<ProcessRecord> = {},
  end: Partial<Transition> = {},
): Promise<ProcessRecord> {
  const record = await created(host, changes)
  await host.write(theEnd(record, 2, end))
  return record
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
