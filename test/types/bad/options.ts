import { z } from 'zod'
import { defineProcess } from '../../../src/steps/define-process.ts'

const p = defineProcess({ name: 'a', input: z.object({ file: z.string() }) })
p.step('timeout', () => 1, { timeout: '5 minutes' }) // error: '"5 minutes"' is not assignable to type 'Duration
p.step('typo', () => 1, { timout: '5m' }) // error: Did you mean to write 'timeout'?
p.step('no-attempts', () => 1, { retry: { delay: '1s' } }) // error: Property 'attempts' is missing
p.step('interrupt', () => 1, { interrupt: 'yes' }) // error: Type 'string' is not assignable to type
p.step('when', () => 1, { when: ({ data }) => data.file }) // error: Type 'string' is not assignable to type 'boolean
p.sleep('sleep', 'tomorrow') // error: Argument of type '"tomorrow"' is not assignable
p.sleep('sleep', ({ data }) => data.file) // error: Type 'string' is not assignable to type
defineProcess({ name: 'b', timout: '5m' }) // error: Did you mean to write 'timeout'?
