// What the tests of `run` and `work` load.
import { defineProcess, typed } from '../../src/index.ts'

export const services = (): { suffix: string } => ({ suffix: '!' })

export const greet = defineProcess({
  name: 'greet',
  input: typed<{ name: string }>(),
  services: typed<{ suffix: string }>(),
}).step('hello', ({ data, services }) => `Hello ${data.name}${services.suffix}`)

export default [
  defineProcess({ name: 'fails' }).step('fail', () => {
    throw new Error('no luck')
  }),
]
