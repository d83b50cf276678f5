import { setup } from 'xstate'
import { z } from 'zod'
import { openClient } from '../../../src/client/index.ts'
import { createRuntime } from '../../../src/runtime/create-runtime.ts'
import { defineProcess } from '../../../src/steps/define-process.ts'
import { typed } from '../../../src/steps/typed.ts'

const approval = setup({ types: { events: {} as { type: 'YES'; by: string } | { type: 'NO' } } }).createMachine({})
const p = defineProcess({ name: 'import-dump' })
  .step('read', () => 1)
  .step('parse', () => 2, { interrupt: typed<{ by: string }>() })
  .machine('approval', approval)
const plain = defineProcess({ name: 'plain' }).step('read', () => 1)
const client = openClient()
const runtime = await createRuntime({ processes: [p] })
const job = await runtime.start(p)

await client.fork<typeof p>('pid', { from: 'prase' }) // error: Did you mean '"parse"'?
await client.proceed<typeof p>('pid', { byy: 'me' }) // error: 'byy' does not exist in type '{ by: string; }'
await client.send<typeof p>('pid', { type: 'YESS', by: 'me' }) // error: Did you mean '"YES"'?
await client.send<typeof p>('pid', { type: 'YES', by: 'me' }, { wait: false }) // error: Type 'false' is not assignable to type 'true'
await client.send<typeof p>('pid', { type: 'YES', byy: 'me' }, { wait: true }) // error: 'byy' does not exist in type
await client.send('pid', { kind: 'YES' }) // error: Property 'type' is missing
await job.proceed({ byy: 'me' }) // error: 'byy' does not exist in type '{ by: string; }'
await job.send({ type: 'YES' }) // error: Property 'by' is missing
await (await runtime.start(plain)).proceed({ by: 'me' }) // error: not assignable to parameter of type 'undefined'

defineProcess({ name: 'Bad Name' }) // error: A name has a-z, 0-9 and - only, like 'import-dump': 'Bad Name' has others
defineProcess({ name: '-x', input: z.object({ n: z.number() }) }) // error: Begin the name with a letter or a digit
defineProcess({ name: 'a', schedule: '@daily' }) // error: Type 'string' is not assignable to type 'ScheduleOptions | undefined'
defineProcess({ name: 'a', schedule: { every: '1m', timeZone: 'UTC' } }) // error: type 'GiveEitherCronOrEvery
defineProcess({ name: 'a', schedule: { cron: '@daily', every: '1m' } }) // error: type 'GiveEitherCronOrEvery
defineProcess({ name: 'a', schedule: { missed: 'once' } }) // error: Property 'every' is missing
