import { defineProcess, typed, type LimitOptions } from 'stepwright'

defineProcess({
  name: 'mail',
  input: typed<{ tenant: string }>(),
  limit: { concurrency: 2, key: ({ input }) => input.tenant },
}).step('send', ({ data }) => data.tenant)
defineProcess({ name: 'mail', limit: [{ rate: '100/1m' }, { concurrency: 3, whileWaiting: false, name: 'shared' }] })
defineProcess({
  name: 'mail',
  input: typed<{ tenant: string }>(),
  // @ts-expect-error: the input has no such property
  limit: { concurrency: 2, key: ({ input }) => input.user },
})
// @ts-expect-error: no rate
export const wrong: LimitOptions = { rate: 'often' }
