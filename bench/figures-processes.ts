import { defineProcess, typed } from 'stepwright'

const input = typed<{ n: number }>()
export const napping = defineProcess({ name: 'napping', input })
  .step('first', ({ data }) => ({ n: data.n + 1 }))
  .sleep('nap', '1d')
export const asking = defineProcess({ name: 'asking', input })
  .step('first', ({ data }) => ({ n: data.n + 1 }))
  .interrupt('ask')

/** Told of each attempt that begins in this Node process. */
export const begun: { on: () => void } = { on: () => {} }
/** Its step is under way until its host is killed; with the next host it ends at once. */
export const working = defineProcess({ name: 'working', input }).step('work', ({ attempt, signal }) => {
  begun.on()
  if (attempt > 1) return null
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
})
