import test from 'ava'
import { defineProcess, ProcessError, ProcessUndoError } from '../../../src/index.ts'

const fails = () => Promise.reject(new Error('no'))

test('what has finished is undone, then the run rejects with the error it had', async t => {
  const lines: string[] = []
  const definition = defineProcess({ name: 'here' })
    .step('a', () => 'a', {
      undo: ({ output, reason, error, step }) => void lines.push(`${step} ${output} ${reason} ${error.message}`),
    })
    .step('skipped', () => 's', { when: () => false, undo: () => void lines.push('skipped') })
    .parallel('p', {
      x: { run: () => 'x', undo: ({ output, data }) => void lines.push(`x ${output} ${data}`) },
      y: () => 1,
    })
    .each(
      'e',
      () => [1, 2],
      ({ data }) => data * 2,
      {
        concurrency: 1,
        undo: ({ data, output, idempotencyKey }) => void lines.push(`e ${data} ${output} ${idempotencyKey}`),
      },
    )
    .step('b', fails, { undo: { run: ({ output }) => void lines.push(`b ${output}`), onFailure: true } })
  const error = await t.throwsAsync(definition.run(), { instanceOf: ProcessError, code: 'ERR_STEP_FAILED' })
  t.is(error.step, 'b')
  t.deepEqual(lines, ['b undefined', 'e 1 2 run:e.undo:0', 'e 2 4 run:e.undo:1', 'x x a', 'a.undo a error no'])
})

test('an undo that fails stops no other; a run that is aborted is undone', async t => {
  const lines: string[] = []
  const definition = defineProcess({ name: 'aborts' })
    .step('a', () => 'a', { undo: ({ reason }) => void lines.push(`a ${reason}`) })
    .step('b', () => 'b', { undo: () => fails() })
    .step('c', ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))))
  const controller = new AbortController()
  const running = definition.run(undefined, { signal: controller.signal })
  setImmediate(() => controller.abort(new Error('enough')))
  const error = await t.throwsAsync(running, { instanceOf: ProcessUndoError, code: 'ERR_UNDO_FAILED' })
  t.deepEqual(error.undos, ['b'])
  t.is((error.cause as Error).message, 'enough')
  t.deepEqual(lines, ['a cancelled'])
})
