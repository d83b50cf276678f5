import test from 'ava'
import { mock } from 'node:test'
import { wait } from '../../../src/steps/run/wait.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test.serial('a wait longer than a timer can hold does not end at once', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  let ended = false
  const max = 2 ** 31 - 1
  void wait(2 * max + 100).then(() => {
    ended = true
  })
  for (const ms of [max, max, 99]) {
    mock.timers.tick(ms)
    await turn()
    t.false(ended)
  }
  mock.timers.tick(1)
  await turn()
  t.true(ended)
})

test('an abort ends it with the reason', async t => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const waiting = wait(1e9, controller.signal)
  controller.abort(reason)
  t.is(await t.throwsAsync(waiting), reason)
  t.is(await t.throwsAsync(wait(1e9, AbortSignal.abort(reason))), reason)
})
