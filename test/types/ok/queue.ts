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
const jobs = await runtime.startMany(mail, ['x', 'y'], { priority: 1 })
expectTypeOf(await jobs[0]!.result()).toEqualTypeOf<string>()
expectTypeOf(await openClient().submitMany([{ name: 'mail', input: 1, delay: '1h' }])).toEqualTypeOf<string[]>()
// @ts-expect-error: the input is a string
await runtime.startMany(mail, [1])
