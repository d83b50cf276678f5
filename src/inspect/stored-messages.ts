import { memoryInfos } from '../record/memory-info.ts'
import type { Json, ProcessRecord } from '../record/record.ts'
import { isFinal } from '../record/record.ts'
import type { StoredChart } from '../store/charts.ts'
import { message, type SnapshotMessage, type StatelyMessage } from './messages.ts'

/** The messages about a process that are made from its records. */
export class StoredMessages {
  readonly #definitions: ReadonlyMap<string, string>
  readonly #redact: (value: unknown) => unknown

  constructor(charts: readonly StoredChart[], redact: (value: unknown) => unknown) {
    this.#definitions = new Map(charts.map(chart => [idOf(chart), JSON.stringify(chart.chart)]))
    this.#redact = redact
  }

  registration(record: ProcessRecord): StatelyMessage {
    const { pid, name, createdAt } = record
    const definition = this.#definitions.get(idOf(record)) ?? JSON.stringify(plainChart(record))
    return message(
      pid,
      pid,
      { type: '@xstate.actor', name: `${name} ${pid}`, definition, snapshot: this.#snapshot(record) },
      createdAt,
    )
  }

  transition(record: ProcessRecord): StatelyMessage[] {
    const { pid, at } = record
    const memory = memoryInfos(record, false)
    const event = memory.length === 0 ? record.event : { ...record.event, memory }
    return [
      message(pid, pid, { type: '@xstate.event', event }, at),
      message(pid, pid, { type: '@xstate.snapshot', event, snapshot: this.#snapshot(record) }, at),
    ]
  }

  #snapshot(record: ProcessRecord): SnapshotMessage {
    const { status, input, data, steps, error, recoveries, progress, snapshot } = record
    const context = {
      input: this.#redact(input),
      data: this.#redact(data === undefined ? input : data),
      steps,
      recoveries,
      ...(error && { error }),
      ...(progress && { progress }),
    }
    if (!isFinal(status)) return { status: 'active', value: snapshot.value, context }
    return { status: 'done', value: snapshot.value, context, ...(status === 'finished' && { output: context.data }) }
  }
}

const idOf = ({
  name,
  version,
  shape,
}: {
  readonly name: string
  readonly version: string
  readonly shape: string
}): string => `${name}@${version}+${shape}`

/** A chart for processes of which the store has none: the statuses, and the steps in order. */
function plainChart({ name, outline }: ProcessRecord): Json {
  const group = (kind: string): Json => {
    const steps = outline.filter(step => step.kind === kind || kind === 'step').map(step => [step.name, {}] as const)
    return steps.length === 0 ? {} : { initial: steps[0]![0], states: Object.fromEntries(steps) }
  }
  const final = { type: 'final' }
  return {
    id: name,
    initial: 'pending',
    states: {
      pending: {},
      running: group('step'),
      sleeping: group('sleep'),
      interrupted: group('interrupt'),
      finished: final,
      error: final,
      timeout: final,
      cancelled: final,
    },
  }
}
