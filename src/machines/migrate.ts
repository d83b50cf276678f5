import { StepwrightError } from '../errors.ts'
import type { Migration } from '../steps/migration.ts'
import { everyStep, type ProcessPlan } from '../steps/plan.ts'
import type { Json, ProcessRecord } from '../record/record.ts'

/**
 * The record of an old process as if it had reached `step` under the new definition. The steps
 * before it keep their records, and the recovery of the process begins the step.
 *
 * @throws ERR_INVALID_INPUT if the migration names no function step
 */
export function migrated(
  record: ProcessRecord,
  plan: ProcessPlan,
  { step: name, data }: Migration & { readonly data?: Json },
): ProcessRecord {
  const place = plan.steps.findIndex(step => step.name === name)
  const step = plan.steps[place]
  if (step?.kind !== 'step')
    throw new StepwrightError(
      'ERR_INVALID_INPUT',
      `migrate of process '${plan.name}' must name a step that has work; it named '${name}'`,
    )
  const before = new Set(everyStep({ steps: plan.steps.slice(0, place) }).map(one => one.name))
  const done = Object.entries(record.steps).filter(([one, { endedAt }]) => before.has(one) && endedAt !== undefined)
  const {
    deadline = record.remainingMs === undefined ? undefined : record.at + record.remainingMs,
    remainingMs: _,
    deaths: __,
    outputs: ___,
    ...kept
  } = record
  return {
    ...kept,
    status: 'running',
    steps: { ...Object.fromEntries(done), [name]: { status: 'running', attempt: 0, startedAt: record.at } },
    data: data === undefined ? (record.data ?? record.input) : data,
    startedAt: record.startedAt ?? record.at,
    ...(deadline !== undefined && { deadline }),
    snapshot: { value: { running: step.retry ? { [name]: 'attempting' } : name } },
  }
}
