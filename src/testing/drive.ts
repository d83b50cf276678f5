import { setImmediate, setTimeout } from 'node:timers/promises'
import type { EventMessage, ProceedMessage } from '../record/definition.ts'
import { defined } from '../record/defined.ts'
import { toInfo, type ProcessInfo } from '../record/info.ts'
import { LIVE_STATUSES, type ProcessRecord } from '../record/record.ts'
import type { TestRuntime } from './test-runtime.ts'
import type { Store } from '../store/store.ts'
import { stepsUnderWay, type MortalHost } from './trial.ts'

/**
 * What a client would send a process that waits: the data of `proceed`, and the name if it waits for
 * several things, an event for its machine, or nothing.
 */
export type Steer = (
  info: ProcessInfo,
) =>
  | (ProceedMessage<unknown> & { readonly name?: string })
  | EventMessage<{ readonly type: string; readonly [field: string]: unknown }>
  | undefined

/**
 * Turns of the event loop in which nothing is written, after which whatever follows from the last
 * record has happened.
 */
const QUIET_TURNS = 5
/**
 * How long steps may work by the clock on the wall before the test clock moves on: what they wait
 * for may be one of its timers.
 */
const PATIENCE_MS = 1_000
/** Times the clock moves on without anything coming of it. */
const MAX_MOVES = 1_000

/**
 * Lets all processes go on until they have ended or their host has died: moves the clock when all
 * wait for it, and sends what `steer` says.
 */
export async function drive(
  host: MortalHost,
  store: Store,
  runtime: TestRuntime,
  steer: Steer | undefined,
): Promise<void> {
  let seen = -1
  let quiet = 0
  let moves = 0
  let changedAt = performance.now()
  /**
   * Where the processes were when `steer` was asked last: of what changed nothing but the record of
   * its command, it is not asked again.
   */
  let steeredAt: string | undefined
  while (!host.isDead) {
    await setImmediate()
    if (host.written !== seen) {
      ;[seen, quiet, moves, changedAt] = [host.written, 0, 0, performance.now()]
      continue
    }
    if (++quiet < QUIET_TURNS) continue
    const live = await liveRecords(store)
    if (live.length === 0) return
    const areAtWork = live.some(isAtWork)
    if (areAtWork && performance.now() - changedAt < PATIENCE_MS) await setTimeout(1)
    else if (!areAtWork && steeredAt !== placesOf(live)) {
      steeredAt = placesOf(live)
      await send(host, runtime, live, steer)
      quiet = 0
    } else if (++moves > MAX_MOVES) throw stuck(live)
    else await Promise.race([moveClock(runtime, live), host.died])
  }
}

async function liveRecords(store: Store): Promise<ProcessRecord[]> {
  const live: ProcessRecord[] = []
  for await (const { record } of store.list({ status: LIVE_STATUSES })) live.push(record)
  return live
}

/**
 * Whether code of a step runs, as opposed to a process that waits for a time, a client or a child.
 */
function isAtWork({ status, steps, snapshot }: ProcessRecord): boolean {
  if (status === 'pending') return true
  return stepsUnderWay(steps).length > 0 && (snapshot.machine === undefined || hasActors(snapshot.machine))
}

const placesOf = (live: readonly ProcessRecord[]): string =>
  JSON.stringify(live.map(({ pid, status, steps, snapshot }) => [pid, status, steps, snapshot]))

const hasActors = (machine: unknown): boolean =>
  Object.keys((machine as { snapshot?: { children?: object } }).snapshot?.children ?? {}).length > 0

async function send(
  host: MortalHost,
  runtime: TestRuntime,
  live: readonly ProcessRecord[],
  steer: Steer | undefined,
): Promise<void> {
  for (const record of live) {
    const waits = record.status === 'interrupted' || record.snapshot.machine !== undefined
    const message = waits ? steer?.(toInfo({ record })) : undefined
    if (message === undefined) continue
    const sending =
      'proceed' in message
        ? runtime.proceed(record.pid, message.proceed, defined({ name: message.name }))
        : runtime.send(record.pid, message.event)
    await Promise.race([sending, host.died])
  }
}

/** To the next time that a record names, or to the next timer. */
async function moveClock({ clock }: TestRuntime, live: readonly ProcessRecord[]): Promise<void> {
  const times = live.some(isAtWork) ? [] : live.flatMap(timesOf).filter(at => at > clock.now())
  const next = times.length > 0 ? Math.min(...times) : clock.nextAt
  if (next === undefined) throw stuck(live)
  await clock.advance(Math.max(0, next - clock.now()))
}

function timesOf({ steps, deadline, snapshot }: ProcessRecord): number[] {
  const { timers = [] } = (snapshot.machine ?? {}) as { readonly timers?: readonly { readonly at: number }[] }
  const until = Object.values(steps).flatMap(step => (step.endedAt === undefined ? (step.until ?? []) : []))
  return [...until, ...(deadline === undefined ? [] : [deadline]), ...timers.map(({ at }) => at)]
}

function stuck(live: readonly ProcessRecord[]): Error {
  const waiting = live.map(({ name, status, steps }) => {
    const open = Object.entries(steps).find(([, { endedAt }]) => endedAt === undefined)?.[0]
    return `${name} is ${status}${open === undefined ? '' : ` in step '${open}'`}`
  })
  return new Error(
    `crashEverywhere waits in vain: ${waiting.join('; ')}. What a client has to send comes from the option steer`,
  )
}
