import type { ErrorRecord, ProcessRecord } from '../record/record.ts'
import type { Host, StoredProcess } from '../record/host.ts'
import type { Entry, HostRow, Row } from './protocol.ts'

const UNDER_WAY: ReadonlySet<string> = new Set(['running', 'waiting', 'sleeping', 'interrupted'])
const OVER: ReadonlySet<string> = new Set(['finished', 'skipped'])
/** An undo is no part of what a process has to do. */
const isForward = ({ kind }: ProcessRecord['outline'][number]): boolean => kind !== 'undo'
const LONGEST_ERROR = 200

export function rowOf({ record, host }: StoredProcess): Row {
  const { pid, name, version, status, createdAt, startedAt, at, revision, outline, steps, error, labels, key } = record
  const states = outline.filter(isForward).map(step => ({
    name: step.name,
    state: Object.hasOwn(steps, step.name) ? steps[step.name] : undefined,
  }))
  const step = outline.find(({ name: one }) => UNDER_WAY.has(steps[one]?.status ?? ''))?.name ?? error?.step
  const progress = step === undefined ? undefined : (record.progress?.[step] ?? steps[step]?.progress)
  return {
    pid,
    name,
    version,
    status,
    createdAt,
    at,
    revision,
    total: states.length,
    done: states.filter(({ state }) => state && OVER.has(state.status)).length,
    ...(startedAt !== undefined && { startedAt }),
    ...(step !== undefined && { step }),
    ...(progress && { progress }),
    ...(labels && { labels }),
    ...(key !== undefined && { key }),
    ...(host && { host: host.id }),
    ...(record.parent && { parent: record.parent.pid }),
    ...(record.retryOf !== undefined && { retryOf: record.retryOf }),
    ...(error && { error: inShort(error) }),
  }
}

export const inShort = ({ name, message }: ErrorRecord): string =>
  `${name}: ${message}`.split('\n', 1)[0]!.slice(0, LONGEST_ERROR)

export const hostRow = ({ id, osPid, hostname, startedAt, state }: Host): HostRow => ({
  id,
  osPid,
  hostname,
  startedAt: startedAt === undefined ? 0 : Date.parse(startedAt),
  state,
})

/**
 * The transitions among the records of a journal, without data: which steps each has changed, and
 * how.
 */
export function entriesOf(records: readonly ProcessRecord[], before?: ProcessRecord): Entry[] {
  let last = before
  return records.flatMap(record => {
    // Progress reports come ten times per second, for hours; memories are sent by themselves.
    if (record.event.type === 'PROGRESS' || record.event.type === 'REMEMBER') return []
    const steps = record.outline.flatMap(({ name }) => {
      const now = Object.hasOwn(record.steps, name) ? record.steps[name] : undefined
      const then = last && Object.hasOwn(last.steps, name) ? last.steps[name] : undefined
      if (!now || (then?.status === now.status && then.attempt === now.attempt)) return []
      return [
        {
          name,
          status: now.status,
          attempt: now.attempt,
          ...(now.error && now.error !== then?.error && { error: now.error }),
        },
      ]
    })
    last = record
    return { revision: record.revision, at: record.at, status: record.status, event: record.event, steps }
  })
}
