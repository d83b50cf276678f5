import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import {
  createRuntime,
  defineProcess,
  ProcessError,
  typed,
  type LogInfo,
  type ProcessDefinition,
} from '../../src/index.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { tempDir } from '../temp-dir.ts'
import type { IsolateMode } from '../../src/steps/work-options.ts'
import type { StepOptions } from '../../src/steps/kinds/function.ts'

const module = new URL('isolated.ts', import.meta.url)
const begun = defineProcess({ name: 'apart', input: typed<{ n: number }>() })
const one = (name: string, isolate: IsolateMode, options: StepOptions = {}) =>
  begun.step('crunch', { module, export: name }, { ...(options as object), isolate })

async function run(definition: ProcessDefinition, input: unknown = { n: 1 }) {
  const runtime = await createRuntime({ processes: [definition], store: memoryStore(), services: {} })
  return { runtime, job: await runtime.start(definition, input) }
}

const waitFor = async (wanted: () => Promise<boolean> | boolean) => {
  while (!(await wanted())) await new Promise(setImmediate)
}

for (const mode of ['thread', 'process'] as const) {
  test.serial(`${mode}: a TypeScript module runs apart, by default its default export`, async t => {
    const definition = begun.step('crunch', { module }, { isolate: mode })
    const { runtime, job } = await run(definition, { n: 4 })
    const { n, main, pid } = (await job.result()) as { n: number; main: boolean; pid: number }
    t.is(n, 8)
    t.is(main, mode === 'process')
    t.is(pid === process.pid, mode === 'thread')
    await runtime.close()
  })

  test.serial(`${mode}: the app's environment variables are there`, async t => {
    process.env['STEPWRIGHT_TEST'] = 'as in the app'
    const { runtime, job } = await run(one('environment', mode), { name: 'STEPWRIGHT_TEST' })
    t.is(await job.result(), 'as in the app')
    await runtime.close()
  })

  test.serial(`${mode}: progress and log come across, none is lost`, async t => {
    const { runtime, job } = await run(one('tell', mode))
    t.deepEqual(await job.result(), ['crunch', true])
    t.deepEqual((await runtime.get(job.pid))?.steps[0]?.progress, { value: 1, total: 2, message: 'half' })
    const lines: LogInfo[] = []
    for await (const line of runtime.logs(job.pid)) lines.push(line)
    t.is(lines.length, 101)
    t.like(lines[0], {
      message: 'hello',
      step: 'crunch',
      attempt: 1,
      fields: { attempt: 1, at: '1970-01-01T00:00:00.000Z' },
    })
    await runtime.close()
  })

  test.serial(
    `${mode}: an infinite loop is killed on its timeout, and the app's event loop never waits for it`,
    async t => {
      const { runtime, job } = await run(one('loop', mode, { timeout: 1_000, retry: { attempts: 2, delay: 0 } }))
      let turns = 0
      const ticking = setInterval(() => turns++, 5)
      await t.throwsAsync(job.result(), { code: 'ERR_STEP_TIMEOUT' })
      clearInterval(ticking)
      t.true(turns > 1, `the event loop turned ${turns} times only`)
      t.like((await runtime.get(job.pid))?.steps[0], { attempt: 2 })
      // Resolves only once nothing executes any more.
      await runtime.close({ within: '5s' })
    },
  )

  test.serial(`${mode}: cancel tells it first, and kills it if it does not listen`, async t => {
    const file = join(await tempDir(t), 'told')
    const definition = defineProcess({ name: 'polite', input: typed<{ file: string }>() }).step(
      'obey',
      { module, export: 'obey' },
      { isolate: mode },
    )
    // It is killed soon after it is told: on a busy machine it may not get to listen the first
    // time.
    for (let tries = 0; tries < 20 && !existsSync(file); tries++) {
      const polite = await run(definition, { file })
      await waitFor(async () => (await polite.runtime.get(polite.job.pid))?.steps[0]?.progress !== undefined)
      await polite.job.cancel('enough')
      await t.throwsAsync(polite.job.result(), { code: 'ERR_CANCELLED' })
      await delay(100)
      await polite.runtime.close()
    }
    t.is(readFileSync(file, 'utf8'), 'told: enough')
    const rude = await run(one('loop', mode))
    await waitFor(async () => (await rude.runtime.get(rude.job.pid))?.status === 'running')
    await rude.job.cancel('enough')
    await t.throwsAsync(rude.job.result(), { code: 'ERR_CANCELLED' })
    await t.notThrowsAsync(rude.runtime.close())
  })

  test.serial(`${mode}: process.exit() ends that attempt and nothing else`, async t => {
    const { runtime, job } = await run(one('exit', mode))
    const error = await t.throwsAsync(job.result(), {
      instanceOf: ProcessError,
      code: 'ERR_STEP_CRASHED',
      message: new RegExp(`lost its ${mode}`),
    })
    t.is(error.step, 'crunch')
    await runtime.close()
  })

  test.serial(`${mode}: errors keep what they say about another attempt, with their cause`, async t => {
    const { runtime, job } = await run(one('flaky', mode, { retry: { attempts: 5, delay: '1h' } }))
    const error = await t.throwsAsync(job.result(), { instanceOf: ProcessError, message: /never/ })
    t.is((error.cause as Error).name, 'FatalError')
    const failures = (await runtime.history(job.pid)).flatMap(({ event, steps }) =>
      event.type === 'FAIL' ? [steps[0]?.error] : [],
    )
    t.like(failures[0], { name: 'RetryError', message: 'not yet' })
    t.is(failures.length, 2)
    await runtime.close()
  })

  test.serial(`${mode}: what cannot cross is a clear error`, async t => {
    for (const [name, message] of [
      ['bad', /\$\.at is a Date/],
      ['services', /services cannot cross/],
      ['number', /must export a function 'number'; it is 5/],
      ['nothing', /must export a function 'nothing'/],
    ] as const) {
      const { runtime, job } = await run(one(name, mode))
      await t.throwsAsync(job.result(), { instanceOf: ProcessError, message })
      await runtime.close()
    }
  })

  test.serial(`${mode}: branches and items may be isolated too`, async t => {
    const spec = { module, export: 'double' }
    const definition = begun
      .parallel('both', { a: { run: spec, isolate: mode }, b: { run: spec } })
      .each('all', () => [{ n: 1 }, { n: 2 }, { n: 3 }], spec, { isolate: mode, concurrency: 2 })
    const { runtime, job } = await run(definition)
    t.deepEqual(
      ((await job.result()) as { n: number }[]).map(({ n }) => n),
      [2, 4, 6],
    )
    await runtime.close()
  })
}

test.serial('process: a crash ends that attempt and nothing else', async t => {
  const { runtime, job } = await run(one('crash', 'process'))
  await t.throwsAsync(job.result(), { code: 'ERR_STEP_CRASHED', message: /lost its process/ })
  await runtime.close()
})

test.serial('without isolate a module is loaded here; in the caller always', async t => {
  const definition = begun.step('crunch', { module, export: 'double' })
  const { runtime, job } = await run(definition, { n: 3 })
  t.like(await job.result(), { n: 6, main: true, pid: process.pid })
  t.like(await one('double', 'thread').run({ n: 5 }), { n: 10, main: true, pid: process.pid })
  await runtime.close()
})

test.serial('what cannot run apart is refused before the start', t => {
  const add = (work: unknown, options: unknown) => () => begun.step('crunch', work as never, options as never)
  t.throws(
    add(() => 1, { isolate: 'thread' }),
    { instanceOf: TypeError, message: /work of step 'crunch' must be a module to run in a thread/ },
  )
  t.throws(
    add(
      {
        class: class {
          execute() {
            return 1
          }
        },
      },
      { isolate: 'process' },
    ),
    { instanceOf: TypeError, message: /must be a module to run in a process of its own/ },
  )
  t.throws(add({ module }, { isolate: 'worker' }), {
    instanceOf: TypeError,
    message: /must be 'thread' or 'process'; received 'worker'/,
  })
  t.throws(add({ module: './x.js' }, {}), { instanceOf: TypeError, message: /module of step 'crunch' must be a URL/ })
  t.throws(add({ module, services: ['db'] }, { isolate: 'thread' }), {
    instanceOf: TypeError,
    message: /unknown key 'services'/,
  })
  t.throws(() => begun.parallel('p', { a: { run: () => 1, isolate: 'thread' } }), {
    instanceOf: TypeError,
    message: /branch 'p\.a' must be a module/,
  })
  t.throws(
    () =>
      begun.each(
        'e',
        () => [1],
        () => 1,
        { isolate: 'thread' },
      ),
    { instanceOf: TypeError, message: /each step 'e' must be a module/ },
  )
})

for (const mode of ['thread', 'process'])
  test.serial(`${mode}: running out of memory ends that attempt and nothing else`, async t => {
    const host = fork(join(import.meta.dirname, '../hosts/exhaust-host.ts'), [mode], {
      execArgv: [...process.execArgv, '--max-old-space-size=64'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const [output] = await once(host, 'message')
    t.is(output, 'second attempt')
    await once(host, 'exit')
  })
