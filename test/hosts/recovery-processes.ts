// What the host that is killed runs, and the one that goes on: every kind of wait, and a step that
// ends only at its second attempt.
import { defineProcess } from 'stepwright'

const forever = () => new Promise<never>(() => {})

export const working = defineProcess({ name: 'working', timeout: '1h' })
  .step('first', () => 'first')
  .step('work', ({ attempt, idempotencyKey, progress }) => {
    progress(attempt)
    return attempt === 1 ? forever() : { attempt, idempotencyKey }
  })
export const retrying = defineProcess({ name: 'retrying' }).step(
  'try',
  ({ attempt, idempotencyKey }) => {
    if (attempt === 1) throw new Error('the first attempt fails')
    return { attempt, idempotencyKey }
  },
  { retry: { attempts: 2, delay: '1h', maxDelay: '1h' } },
)
export const sleeping = defineProcess({ name: 'sleeping' })
  .sleep('nap', '2h')
  .step('wake', () => 'awake')
export const asking = defineProcess({ name: 'asking' })
  .step('draft', () => ({ draft: 1 }), { interrupt: true })
  .interrupt('sign', { timeout: '3h' })
export const queueing = defineProcess({ name: 'queueing' }).step('run', ({ attempt }) => ({ attempt }))
export const unknown = defineProcess({ name: 'unknown-to-the-next' }).sleep('nap', '1h')
export const waiting = [retrying, sleeping, asking, unknown]
