import { expectTypeOf } from 'expect-type'
import { createRuntime, defineProcess, openClient, typed, type ProcessInfo } from 'stepwright'

const mail = defineProcess({ name: 'mail', input: typed<string>() }).step('send', ({ data }) => data)
const runtime = await createRuntime({ processes: [mail] })
await runtime.start(mail, 'x', { delay: '10m', priority: 5 })
await runtime.start(mail, 'x', { delay: new Date() })
await openClient().submit('mail', 'x', { delay: 300 })
// @ts-expect-error: no duration
await runtime.start(mail, 'x', { delay: 'soon' })
expectTypeOf<ProcessInfo['startsAt']>().toEqualTypeOf<string | undefined>()
