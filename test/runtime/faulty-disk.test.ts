import test, { type ExecutionContext } from 'ava'
import { createRuntime, defineProcess, lowdbStore, openClient, typed } from '../../src/index.ts'
import { tempDir } from '../temp-dir.ts'
import { faultyFiles, type Call, type Fault } from './faulty-files.ts'

type Plan = NonNullable<Parameters<ReturnType<typeof faultyFiles>['arm']>[0]>

/**
 * Runs a process on a disk that goes wrong as planned, after it has been started; returns the calls
 * that were made.
 */
async function runOn(t: ExecutionContext, durability: 'process' | 'power', plan?: Plan): Promise<Map<Call, number>> {
  const dir = `${await tempDir(t)}/store`
  const { files, counts, arm, disarm } = faultyFiles()
  const ran: string[] = []
  const armed = Promise.withResolvers<void>()
  const definition = defineProcess({ name: 'sturdy', input: typed<{ n: number }>() })
    .step('a', async ({ data, progress }) => {
      ran.push('a')
      await armed.promise
      progress(1, 2)
      return { n: data.n + 1 }
    })
    .step(
      'b',
      ({ data }) => {
        ran.push('b')
        return { n: data.n + 1 }
      },
      { interrupt: true },
    )
    .sleep('nap', 1)
    .step('c', ({ data }) => {
      ran.push('c')
      return { n: data.n + 1 }
    })
  const runtime = await createRuntime({
    processes: [definition],
    store: lowdbStore(dir, { files, durability }),
    retention: false,
  })
  const job = await runtime.start(definition, { n: 0 }, { key: 'once' })
  arm(plan)
  armed.resolve()
  const unsubscribe = job.subscribe(({ status }) => {
    if (status === 'interrupted') void job.proceed()
  })
  const what = plan ? `${plan.fault} at ${plan.call} ${plan.nth}` : 'no fault'
  t.deepEqual(await job.result(), { n: 3 }, what)
  t.deepEqual(ran, ['a', 'b', 'c'], what)
  unsubscribe()
  disarm()
  const client = openClient(dir)
  const history = await client.history(job.pid)
  t.deepEqual(
    history.map(({ revision }) => revision),
    history.map((_, index) => index + 1),
    what,
  )
  t.is((await client.get(job.pid))?.status, 'finished', what)
  t.is(
    (await Array.fromAsync(client.list({ onCorrupt: ({ error }) => t.fail(`${what}: ${error.message}`) }))).length,
    1,
    what,
  )
  await Promise.all([client.close(), runtime.close()])
  return counts
}

const FAULTS: readonly Fault[] = ['ENOSPC', 'EIO', 'EACCES', 'EMFILE']
/**
 * Reading and looking for processes to adopt goes on in the background: what goes wrong there is
 * another test's.
 */
const BACKGROUND: readonly Call[] = ['readdirSync', 'readSync']

for (const durability of ['process', 'power'] as const)
  test(`a disk that fails at any call holds a process up and loses nothing (durability: ${durability})`, async t => {
    process.removeAllListeners('warning')
    const calls = await runOn(t, durability)
    t.true((calls.get('writeSync') ?? 0) >= 5)
    t.is((calls.get('fdatasync') ?? 0) > 0, durability === 'power')
    const plans: Plan[] = []
    for (const [call, count] of calls)
      if (!BACKGROUND.includes(call))
        for (let nth = 1; nth <= count; nth++) {
          plans.push({ call, nth, times: 1 + (nth % 2), fault: FAULTS[nth % FAULTS.length] as Fault })
          if (call === 'writeSync') plans.push({ call, nth, times: 1, fault: 'short write' })
        }
    t.true(plans.length > 10)
    await Promise.all(plans.map(plan => runOn(t, durability, plan)))
    t.log(`${plans.length} faults`)
  })
