import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'

const asking = defineProcess({ name: 'asking' }).step('draft', () => ({ text: 'x'.repeat(700) }), { interrupt: true })

test('what proceed makes of the output must fit into a record too', async t => {
  const store = Object.assign(memoryStore(), { maxRecordBytes: 1_000 })
  const runtime = await createTestRuntime({ processes: [asking], store })
  const job = await runtime.start(asking)
  await runtime.until(job.pid, 'interrupted')
  await t.throwsAsync(job.proceed({ more: 'y'.repeat(700) }), { code: 'ERR_RECORD_TOO_LARGE' })
  t.is((await runtime.get(job.pid))?.status, 'interrupted')
  await job.proceed({ text: 'y'.repeat(700) })
  t.deepEqual(await job.result(), { text: 'y'.repeat(700) })
  await runtime.close()
})

test('labels and messages of progress are short, and said to be', async t => {
  const loud = defineProcess({ name: 'loud' }).step('shout', ({ progress }) => progress(1, 2, 'a'.repeat(5_000)))
  const runtime = await createTestRuntime({ processes: [loud] })
  await t.throwsAsync(runtime.start(loud, undefined, { labels: { big: 'x'.repeat(20_000) } }), {
    instanceOf: TypeError,
    message: /16384/,
  })
  const job = await runtime.start(loud)
  await job.result()
  t.is((await runtime.get(job.pid))?.steps[0]?.progress?.message?.length, 1_000)
  await runtime.close()
})
