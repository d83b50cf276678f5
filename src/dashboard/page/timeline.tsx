import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Entry, ErrorRecord, ProcessStatus, StepStatus } from '../protocol.ts'
import { duration, fullTime } from './format.ts'

/** A span of time that one attempt of a step spent in one status. */
interface Span {
  readonly status: StepStatus
  readonly attempt: number
  readonly from: number
  readonly to: number | undefined
  /** How it ended, unless it succeeded. */
  readonly end?: 'error' | 'timeout' | 'cancelled'
  readonly error?: ErrorRecord
}

const OVER: ReadonlySet<string> = new Set(['finished', 'skipped', 'error', 'timeout', 'cancelled'])
const FAILED: ReadonlySet<string> = new Set(['error', 'timeout', 'waiting'])
const CUT_OFF: ReadonlySet<string> = new Set(['error', 'timeout', 'cancelled'])

/** Attempts and waits of each step, from the records of the journal. */
export function spansOf(entries: readonly Entry[], processStatus: ProcessStatus): Map<string, Span[]> {
  const spans = new Map<string, Span[]>()
  for (const { at, steps } of entries)
    for (const { name, status, attempt, error } of steps) {
      const all = spans.get(name) ?? []
      spans.set(name, all)
      const last = all.at(-1)
      if (last && last.to === undefined)
        all[all.length - 1] = {
          ...last,
          to: at,
          ...(FAILED.has(status) && last.status === 'running' && { end: 'error', ...(error && { error }) }),
        }
      if (status === 'skipped') spans.set(name, all.slice(0, -1))
      if (!OVER.has(status)) all.push({ status, attempt, from: at, to: undefined })
    }
  const end = entries.at(-1)?.at
  if (!CUT_OFF.has(processStatus) || end === undefined) return spans
  for (const all of spans.values()) {
    const last = all.at(-1)
    if (last && last.to === undefined)
      all[all.length - 1] = { ...last, to: end, end: processStatus as NonNullable<Span['end']> }
  }
  return spans
}

const WORDS = { error: 'failed', timeout: 'timed out', cancelled: 'cancelled' } as const

/** The status that gives a span its colour. Completed work has that of `finished`. */
const toneOf = ({ status, to, end }: Span): StepStatus =>
  end ?? (status === 'running' && to !== undefined ? 'finished' : status)

const NICE_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 216e5,
  432e5, 864e5, 1728e5, 6048e5,
]

/** At most six round spans of time. */
function ticksOf(whole: number): number[] {
  const step = NICE_MS.find(ms => whole / ms <= 5) ?? whole / 5
  return Array.from({ length: Math.floor(whole / step) + 1 }, (_, index) => index * step)
}

interface TimelineProps {
  readonly names: readonly string[]
  readonly entries: readonly Entry[]
  readonly status: ProcessStatus
  readonly now: number
}

export function Timeline({ names, entries, status, now }: TimelineProps): JSX.Element {
  const ended = OVER.has(status)
  const from = entries[0]?.at ?? now
  const to = Math.max(from + 1, ended ? (entries.at(-1)?.at ?? now) : now)
  const whole = to - from
  const spans = useMemo(() => spansOf(entries, status), [entries, status])
  const skipped = useMemo(
    () =>
      new Set(entries.flatMap(({ steps }) => steps.filter(step => step.status === 'skipped').map(({ name }) => name))),
    [entries],
  )
  const at = (ms: number): string => `${((ms - from) / whole) * 100}%`
  return (
    <div class="timeline">
      <div class="axis" aria-hidden="true">
        {ticksOf(whole).map(ms => (
          <span key={ms} style={{ left: `${(ms / whole) * 100}%` }}>
            {ms === 0 ? '0' : duration(ms)}
          </span>
        ))}
      </div>
      <ul>
        {names.map(name => {
          const own = spans.get(name) ?? []
          const took = own.reduce((sum, span) => sum + (span.to ?? now) - span.from, 0)
          return (
            <li key={name}>
              <span class="step-name" title={name}>
                {name}
              </span>
              <span class="lane">
                {own.map(span => {
                  const until = span.to ?? now
                  const what = `${span.status}${span.attempt > 1 ? `, attempt ${span.attempt}` : ''}${span.end === undefined ? '' : `, ${WORDS[span.end]}`}, ${duration(until - span.from)}`
                  const error = span.error ? `\n${span.error.name}: ${span.error.message}` : ''
                  return (
                    <span
                      key={span.from + span.status}
                      class={`span ${toneOf(span)}`}
                      style={{ left: at(span.from), width: `${((until - span.from) / whole) * 100}%` }}
                      title={`${what}\n${fullTime(span.from)}${error}`}
                    >
                      <span class="unseen">{what}</span>
                    </span>
                  )
                })}
              </span>
              <span class="took">{own.length === 0 ? (skipped.has(name) ? 'skipped' : '') : duration(took)}</span>
            </li>
          )
        })}
      </ul>
      <p class="legend dim" aria-hidden="true">
        <span>
          <i class="span finished" /> finished
        </span>
        {(['running', 'waiting', 'sleeping', 'interrupted'] as const).map(one => (
          <span key={one}>
            <i class={`span ${one}`} /> {one === 'waiting' ? 'waiting for a retry' : one}
          </span>
        ))}
        <span>
          <i class="span error" /> failed
        </span>
      </p>
    </div>
  )
}
