import { isLimitId, type LimitRecord } from './limit.ts'
import type {
  ErrorRecord,
  Inherited,
  LineHead,
  LogEntry,
  MachineSnapshot,
  MemoryLine,
  ProcessIdentity,
  Progress,
  ProgressLine,
  RecordEvent,
  StepRecord,
  StreamEntry,
  Transition,
  Wait,
} from './record.ts'
import { PROCESS_STATUSES } from './record.ts'
import type { Schema } from './schema.ts'
import {
  eitherOf,
  integer,
  isObject,
  json,
  lazy,
  listOf,
  number,
  object,
  oneOf,
  optional,
  pid,
  recordOf,
  text,
  time,
  tupleOf,
} from './schema.ts'

const error: Schema = object<ErrorRecord>({
  name: text,
  message: text,
  stack: optional(text),
  code: optional(eitherOf(text, number)),
  cause: optional(lazy(() => error)),
  step: optional(text),
  attempt: optional(integer),
  undos: optional(listOf(text)),
})

const progress = object<Progress>({ value: number, total: optional(number), message: optional(text) })

const wait = object<Wait>({
  name: text,
  since: time,
  until: optional(time),
  isSleep: optional(oneOf(true)),
  isDate: optional(oneOf(true)),
  isChecked: optional(oneOf(true)),
  schema: optional(json),
})

const step = object<StepRecord>({
  status: oneOf(...PROCESS_STATUSES, 'waiting', 'skipped'),
  attempt: integer,
  failures: optional(integer),
  startedAt: optional(time),
  endedAt: optional(time),
  until: optional(time),
  waits: optional(listOf(wait)),
  progress: optional(progress),
  error: optional(error),
  child: optional(pid),
  children: optional(integer),
  state: optional(json),
})

const event = object<RecordEvent>({ type: text, step: optional(text), name: optional(text), command: optional(text) })

/**
 * A state of a machine: its name, or the states within its states: none, if it is a part of a
 * parallel state and has no states of its own.
 */
const stateValue: Schema = eitherOf(
  text,
  lazy(() => recordOf(stateValue)),
)

/** The state of a process is never empty. */
const processValue: Schema = value => (isObject(value) && Object.keys(value).length === 0 ? '' : stateValue(value))

const timer = object<{ src: string; snapshot: object }>({
  src: text,
  snapshot: object<{ status: string; input: object }>({
    status: text,
    input: object<{ at: unknown }>({ at: optional(time) }),
  }),
})

/** A machine as XState persists it, with those that it has invoked. */
const machineSnapshot: Schema = object<{
  status: string
  value: unknown
  context: unknown
  children: unknown
  historyValue: unknown
}>({
  status: text,
  value: stateValue,
  context: optional(json),
  children: optional(recordOf(object<{ snapshot: unknown }>({ snapshot: object({}) }))),
  historyValue: optional(object({})),
})

const machine = object<{
  snapshot: object
  timers: readonly object[]
  events: unknown
  undefineds: unknown
  visits: unknown
}>({
  snapshot: machineSnapshot,
  timers: listOf(
    object<{ source: unknown; target: unknown; event: object; at: number; id: string }>({
      source: listOf(text),
      target: listOf(text),
      event: object<{ type: string }>({ type: text }),
      at: time,
      id: text,
    }),
  ),
  events: optional(listOf(text)),
  undefineds: optional(listOf(listOf(text))),
  visits: optional(object<{ begun: number; open: object }>({ begun: integer, open: recordOf(integer) })),
})

const plainSnapshot = object<MachineSnapshot>({
  value: processValue,
  children: optional(recordOf(timer)),
  machine: optional(machine),
})
const snapshotInMachine = object<{ value: { running: object } }>({
  value: object<{ running: object }>({ running: recordOf(json) }),
})

/** A machine runs within the step that the process is in. */
const snapshot: Schema = value =>
  plainSnapshot(value) ?? ((value as MachineSnapshot).machine === undefined ? undefined : snapshotInMachine(value))

const outline = listOf(object<ProcessIdentity['outline'][number]>({ name: text, kind: text }))

const head = {
  pid,
  name: text,
  status: oneOf(...PROCESS_STATUSES),
  revision: integer,
  at: time,
  event,
  epoch: optional(integer),
}

const memory = listOf(eitherOf(tupleOf(text, json), tupleOf(text, json, number)))

const transition = {
  ...head,
  steps: recordOf(step),
  data: optional(json),
  outputs: optional(recordOf(json)),
  error: optional(error),
  startedAt: optional(time),
  deadline: optional(time),
  remainingMs: optional(number),
  recoveries: integer,
  deaths: optional(integer),
  snapshot,
  traces: optional(recordOf(recordOf(text))),
  memory: optional(memory),
  definition: optional(object<NonNullable<Transition['definition']>>({ version: text, shape: text, outline })),
}

const origin = object<{ pid: string; step: string }>({ pid, step: text })

/** The line of a transition. */
export const transitionSchema = object<Transition>(transition)

/** The line of a transition that says what has changed. What it gives is checked once it is whole. */
export const partialSchema = object<
  LineHead & { back: number; steps: unknown; outputs: unknown; snapshot: unknown; gone: unknown; more: unknown }
>({
  ...head,
  back: integer,
  steps: optional(recordOf(object({}))),
  outputs: optional(recordOf(json)),
  snapshot: optional(object({})),
  gone: optional(listOf(listOf(text))),
  more: optional(listOf(tupleOf(listOf(text), listOf(json)))),
})

/** The line of a report of progress. */
export const progressSchema = object<ProgressLine & { items: unknown }>({
  ...head,
  progress: recordOf(progress),
  // Of the first format, in which only items of each steps were remembered.
  items: optional(listOf(tupleOf(integer, json))),
} satisfies Record<keyof LineHead | 'progress' | 'items', Schema>)

/** The line of what a step remembers. */
export const memorySchema = object<MemoryLine>({ ...head, memory, progress: optional(recordOf(progress)) })

const limit = object<LimitRecord>({
  id: (value: unknown) => (isLimitId(value) ? undefined : ''),
  limit: text,
  key: optional(text),
  places: integer,
  perMs: optional(integer),
})

/** The first line of a journal. */
export const firstLineSchema = object<ProcessIdentity & Transition>({
  ...transition,
  version: text,
  shape: text,
  createdAt: time,
  input: json,
  key: optional(text),
  labels: optional(recordOf(text)),
  parent: optional(origin),
  forkedFrom: optional(origin),
  inherited: optional(
    object<Inherited>({ outputs: recordOf(json), memory: recordOf(memory), data: optional(recordOf(json)) }),
  ),
  retryOf: optional(pid),
  startsAt: optional(time),
  priority: optional(number),
  limits: optional(listOf(limit)),
  trace: optional(recordOf(text)),
  outline,
})

export const logEntrySchema = object<LogEntry>({
  at: time,
  step: text,
  attempt: integer,
  message: text,
  fields: optional(json),
})

export const streamEntrySchema = object<StreamEntry>({
  offset: integer,
  step: text,
  attempt: integer,
  item: optional(integer),
  once: optional(text),
  reset: optional(oneOf(true)),
  chunks: optional(listOf(json)),
})
