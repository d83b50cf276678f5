import { defineProcess, typed } from 'stepwright'

const input = typed<{ n: number }>()
export const napping = defineProcess({ name: 'napping', input })
  .step('first', ({ data }) => ({ n: data.n + 1 }))
  .sleep('nap', '1d')
export const asking = defineProcess({ name: 'asking', input })
  .step('first', ({ data }) => ({ n: data.n + 1 }))
  .interrupt('ask')
