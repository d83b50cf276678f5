import { isDeepStrictEqual } from 'node:util'
import { checkFunction, checkOptions, checkServices } from '../record/check.ts'
import type { Given, ProcessDefinition, ProcessInput, ProcessServices, ServicesOption } from '../record/definition.ts'
import { defined } from '../record/defined.ts'
import { toInfo } from '../record/info.ts'
import type { ProcessStatus } from '../record/record.ts'
import type { Store } from '../store/store.ts'
import { drive, type Steer } from './drive.ts'
import { witnesses } from './effect.ts'
import { Trial, type MortalHost, type RecordName } from './trial.ts'
import { createTestRuntime, type TestRuntime } from './test-runtime.ts'

/** Options of `crashEverywhere`. */
export type CrashOptions<Services> = ServicesOption<Services> & {
  /**
   * Stands for the clients of the process: called with each process that is interrupted or in a
   * machine, whenever nothing else is left to do.
   * @example steer: ({ status }) => (status === 'interrupted' ? { proceed: { by: 'Ada' } } : undefined)
   */
  steer?: Steer | undefined
}

/** How a process ended. */
export interface CrashOutcome {
  readonly status: ProcessStatus
  readonly output?: unknown
  readonly error?: string
}

/** Something that was done more often because the host had died. */
export interface RepeatedEffect {
  readonly effect: string
  /** The step that did it; several if they ran side by side. */
  readonly step: string
  readonly times: number
  /** The newest record when the host died. */
  readonly record: RecordName
}

/** An end that would have been another without the death. */
export interface ChangedOutcome {
  readonly outcome: CrashOutcome
  readonly record: RecordName
}

/** What `crashEverywhere` found. */
export interface CrashReport {
  /** The end without any death. */
  readonly outcome: CrashOutcome
  /** After how many records the host was let die, each in a run of its own. */
  readonly deaths: number
  readonly repeated: readonly RepeatedEffect[]
  readonly changed: readonly ChangedOutcome[]
}

/**
 * Tells whether a definition is crash-safe: runs a process on a store in memory, once undisturbed
 * and then once for each of its records, after which its host dies as late as possible (when it
 * would write the next one) and another goes on. What the steps do to the world outside, they say
 * by `effect`. Time passes by itself.
 *
 * A step under way when its host dies runs again. So what it does outside has to be idempotent:
 * give its `idempotencyKey` to the service.
 *
 * @throws Error if the process waits for a client and `steer` sends nothing
 * @example
 * const services = { bank: { charge: (amount: number, key: string) => effect('charge', key) } }
 * const { repeated, changed } = await crashEverywhere(order, { amount: 12 }, { services })
 * assert.deepEqual([...repeated, ...changed], [])
 */
export async function crashEverywhere<D extends ProcessDefinition>(
  definition: D,
  ...given: Given<
    ProcessInput<D>,
    {} extends ServicesOption<ProcessServices<D>>
      ? [options?: CrashOptions<ProcessServices<D>>]
      : [options: CrashOptions<ProcessServices<D>>]
  >
): Promise<CrashReport>
export async function crashEverywhere(
  definition: ProcessDefinition,
  input?: unknown,
  options: unknown = {},
): Promise<CrashReport> {
  const checks = { services: checkServices, steer: checkFunction<Steer> }
  const checked = checkOptions(options, 'crashEverywhere()', checks)
  const calm = await run(definition, input, checked, Infinity)
  const usual = new Map(calm.done.map(({ effect, times }) => [effect, times]))
  const repeated: RepeatedEffect[] = []
  const changed: ChangedOutcome[] = []
  for (let record = 1; record < calm.records; record++) {
    const { outcome, done, died } = await run(definition, input, checked, record + 1)
    if (died === undefined) continue
    for (const { effect, step, times } of done)
      if (times > (usual.get(effect) ?? 0)) repeated.push({ effect, step, times, record: died })
    if (!isDeepStrictEqual(outcome, calm.outcome)) changed.push({ outcome, record: died })
  }
  return { outcome: calm.outcome, deaths: calm.records - 1, repeated, changed }
}

interface Checked {
  readonly services?: object
  readonly steer?: Steer
}

/**
 * Runs a process to its end; its host dies instead of writing the record `fatal`, and another goes
 * on.
 */
async function run(definition: ProcessDefinition, input: unknown, { services = {}, steer }: Checked, fatal: number) {
  const trial = new Trial()
  const { store, clock } = trial
  const live = (host: MortalHost, begin: (runtime: TestRuntime) => Promise<unknown>): Promise<void> =>
    witnesses.run(host, async () => {
      const options = { processes: [definition], store, clock, services, retention: false as const, schedules: false }
      const runtime = await createTestRuntime(options)
      try {
        await Promise.race([begin(runtime), host.died])
        await drive(host, store, runtime, steer)
      } finally {
        if (host.isDead) await runtime.die()
        else await runtime.close({ within: 0 })
      }
    })
  const first = trial.nextHost(fatal)
  await live(first, runtime => runtime.start(definition, input))
  if (first.isDead) await live(trial.nextHost(), async () => {})
  return {
    outcome: await outcomeOf(store),
    done: trial.done,
    records: first.written,
    died: first.isDead ? first.last : undefined,
  }
}

async function outcomeOf(store: Store): Promise<CrashOutcome> {
  for await (const stored of store.list()) {
    const { parent, status, output, error } = toInfo(stored)
    if (parent === undefined) return defined({ status, output, error: error?.message })
  }
  throw new Error('crashEverywhere has no process left to look at')
}
