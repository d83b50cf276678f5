import { ValueType, type Attributes, type Meter, type ObservableResult } from '@opentelemetry/api'
import {
  adoptionChannel,
  attemptChannel,
  processChannel,
  slotsChannel,
  storeChannel,
  type AdoptionMessage,
  type AttemptMessage,
  type ProcessMessage,
  type SlotsMessage,
  type StoreMessage,
} from '../record/diagnostics.ts'
import { isFinal, type ProcessStatus } from '../record/record.ts'
import { ERROR_TYPE, errorType, NAME, OUTCOME, RELEASED, STATUS, STEP } from './attributes.ts'

/** Of steps and processes, which may take hours. Seconds. */
const BOUNDARIES = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400]
const DURATION = { unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES } }

interface Here {
  readonly name: string
  readonly status: ProcessStatus
  readonly createdAt: number
}

/**
 * Measures what the hosts of this Node process do. Attributes are names and outcomes: a pid, a key
 * or a host would make a new time series each time.
 */
export function measure(meter: Meter): () => void {
  const live = meter.createUpDownCounter('stepwright.process.count', {
    description: 'Processes on the hosts of this Node process that have not ended, by status.',
    unit: '{process}',
    valueType: ValueType.INT,
  })
  const processDuration = meter.createHistogram('stepwright.process.duration', {
    description: 'Time from the first step of a process to its end, whatever hosts it was on.',
    ...DURATION,
  })
  const attemptDuration = meter.createHistogram('stepwright.attempt.duration', {
    description: 'Time that the work of an attempt at a step took.',
    ...DURATION,
  })
  const writeDuration = meter.createHistogram('stepwright.store.write.duration', {
    description: 'Time that a store took to write a record.',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] },
  })
  const adopted = meter.createCounter('stepwright.adoption.count', {
    description: 'Processes that were adopted, by whether their last host released them or died.',
    unit: '{process}',
    valueType: ValueType.INT,
  })
  const used = meter.createObservableUpDownCounter('stepwright.slot.usage', {
    description: 'Slots of the hosts of this Node process that are taken.',
    unit: '{slot}',
    valueType: ValueType.INT,
  })
  const limit = meter.createObservableUpDownCounter('stepwright.slot.limit', {
    description: 'Slots of the hosts of this Node process that have had one taken.',
    unit: '{slot}',
    valueType: ValueType.INT,
  })
  const pendingAge = meter.createObservableGauge('stepwright.process.pending.age', {
    description: 'Time since the creation of the oldest process on a host of this Node process that has not begun.',
    unit: 's',
  })

  /** The processes that are counted at present, by host and pid. */
  const here = new Map<string, Here>()
  const slots = new Map<string, SlotsMessage>()
  const beganAt = new WeakMap<StoreMessage, number>()

  const onProcess = (given: unknown): void => {
    const message = given as ProcessMessage
    const { host, pid, name, status, at, createdAt, startedAt } = message
    const key = `${host} ${pid}`
    const before = here.get(key)
    if (before !== undefined) live.add(-1, { [NAME]: name, [STATUS]: before.status })
    here.delete(key)
    if (status === undefined) return
    if (isFinal(status))
      processDuration.record((at - (startedAt ?? createdAt)) / 1000, {
        [NAME]: name,
        [STATUS]: status,
        ...errorAttribute(message),
      })
    else {
      here.set(key, { name, status, createdAt })
      live.add(1, { [NAME]: name, [STATUS]: status })
    }
  }
  const onSlots = (message: unknown): void => {
    const { host, limit: count } = message as SlotsMessage
    if (count === 0) slots.delete(host)
    else slots.set(host, message as SlotsMessage)
  }
  const onAdoption = (message: unknown): void => {
    for (const { name, released } of (message as AdoptionMessage).adopted)
      adopted.add(1, { [NAME]: name, [RELEASED]: released })
  }
  const attempts = {
    asyncEnd(message: AttemptMessage): void {
      const { name, step, outcome = 'stopped', begunAt, endedAt } = message
      if (begunAt === undefined || endedAt === undefined) return
      const attributes = { [NAME]: name, [STEP]: step, [OUTCOME]: outcome, ...errorAttribute(message) }
      attemptDuration.record((endedAt - begunAt) / 1000, attributes)
    },
  }
  const writes = {
    start: (message: StoreMessage): void => void beganAt.set(message, performance.now()),
    asyncEnd(message: StoreMessage): void {
      const began = beganAt.get(message)
      if (began !== undefined) writeDuration.record((performance.now() - began) / 1000, errorAttribute(message))
    },
  }
  const observeUsed = (result: ObservableResult): void => result.observe(sum(slots.values(), 'used'))
  const observeLimit = (result: ObservableResult): void => result.observe(sum(slots.values(), 'limit'))
  const observePending = (result: ObservableResult): void => {
    const oldest = new Map<string, number>()
    for (const { name, status, createdAt } of here.values())
      if (status === 'pending') oldest.set(name, Math.min(createdAt, oldest.get(name) ?? createdAt))
    for (const [name, at] of oldest) result.observe(Math.max(0, Date.now() - at) / 1000, { [NAME]: name })
  }

  processChannel.subscribe(onProcess)
  slotsChannel.subscribe(onSlots)
  adoptionChannel.subscribe(onAdoption)
  attemptChannel.subscribe(attempts)
  storeChannel.subscribe(writes)
  used.addCallback(observeUsed)
  limit.addCallback(observeLimit)
  pendingAge.addCallback(observePending)
  return () => {
    processChannel.unsubscribe(onProcess)
    slotsChannel.unsubscribe(onSlots)
    adoptionChannel.unsubscribe(onAdoption)
    attemptChannel.unsubscribe(attempts)
    storeChannel.unsubscribe(writes)
    used.removeCallback(observeUsed)
    limit.removeCallback(observeLimit)
    pendingAge.removeCallback(observePending)
  }
}

const errorAttribute = ({ error }: { readonly error?: unknown }): Attributes =>
  error === undefined ? {} : { [ERROR_TYPE]: errorType(error) }

function sum(slots: Iterable<SlotsMessage>, field: 'used' | 'limit'): number {
  let total = 0
  for (const one of slots) total += one[field]
  return total
}
