import { defineProcess } from 'stepwright'

/**
 * The output of a step is the data of the next one. Each is stored before the next one begins: stop
 * it with Ctrl-C and start it again, and it goes on where it was.
 */
export const tea = defineProcess({ name: 'tea' })
  .step('boil', ({ progress }) => {
    progress(96, 100, '96 °C')
    return { degrees: 96 }
  })
  .step('choose', ({ data }) => ({ ...data, leaves: 'Assam' }), { retry: 3 })
  .sleep('steep', '3s')
  .step('pour', ({ data }) => `a cup of ${data.leaves}, ${data.degrees} °C hot`)
