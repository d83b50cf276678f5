import test from 'ava'
import { createRuntime } from 'stepwright'
import { memoryStore } from '../../src/store/memory/memory-store.ts'

/** What a runtime does itself, then what it does as a client. */
const DOCUMENTED =
  'start startMany on idle close cancel proceed send submit submitMany retry withdraw cancelAll retryAll deleteAll fork delete adopt ' +
  'get byKey list counts find history hosts schedules runSchedule pause resume paused watch watchAll result logs stream memories'

test('a runtime shows the documented methods and nothing else', async t => {
  const runtime = await createRuntime({ processes: [], store: memoryStore() })
  t.teardown(() => runtime.close())
  t.deepEqual(Reflect.ownKeys(runtime), [])
  const shown: string[] = []
  for (
    let layer: object = Object.getPrototypeOf(runtime);
    layer !== Object.prototype;
    layer = Object.getPrototypeOf(layer)
  )
    shown.push(...Reflect.ownKeys(layer).map(String))
  const known = ['constructor', String(Symbol.asyncDispose), ...DOCUMENTED.split(' ')]
  t.deepEqual(new Set(shown.toSorted()), new Set(known.toSorted()))
})
