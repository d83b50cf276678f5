import type { Json, ProcessRecord } from './record.ts'

/**
 * A record as if the step it is in had begun so many milliseconds later: whatever it still waits for (a deadline, a sleep, a timeout) is as
 * far away as it was.
 */
export function moveTimes(record: ProcessRecord, step: string, byMs: number): ProcessRecord {
  const { deadline, snapshot } = record
  const { startedAt, until, ...rest } = record.steps[step] ?? { status: 'pending', attempt: 0 }
  const moved = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms + byMs)
  const { children } = snapshot
  return clean({
    ...record,
    at: record.at + byMs,
    deadline: moved(deadline),
    steps: { ...record.steps, [step]: clean({ ...rest, startedAt: moved(startedAt), until: moved(until) }) },
    snapshot:
      children === undefined
        ? snapshot
        : { ...snapshot, children: Object.fromEntries(Object.entries(children).map(([id, child]) => [id, timer(child, byMs)])) },
  })
}

/** A timer as it is persisted: its input is an absolute time. */
function timer(child: Json, byMs: number): Json {
  const { snapshot } = child as { readonly snapshot?: { readonly input?: { readonly at?: Json } } }
  const at = snapshot?.input?.at
  return typeof at === 'number' ? { ...(child as Record<string, Json>), snapshot: { ...snapshot, input: { at: at + byMs } } } : child
}

const clean = <T extends object>(value: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T
