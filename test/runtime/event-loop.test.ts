import test from 'ava'
import { createRuntime, defineProcess, lowdbStore, typed } from '../../src/index.ts'
import { tempDir } from '../temp-dir.ts'

test('the event loop goes on turning while short steps keep a host busy', async t => {
  let definition = defineProcess({ name: 'busy', input: typed<number>() }).step('s0', ({ data }) => data + 1)
  for (let step = 1; step < 300; step++)
    definition = definition.step(`s${step}`, ({ data }) => data + 1) as typeof definition
  const runtime = await createRuntime({ processes: [definition], store: lowdbStore(await tempDir(t)) })
  let turns = 0
  let isOver = false
  const turn = (): void => {
    turns += 1
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: 3 }, async () => {
      for (let n = 0; n < 1; n++) t.is(await (await runtime.start(definition, n)).result(), n + 300)
    }),
  )
  isOver = true
  // One turn for every few milliseconds of work, however long the work takes here.
  t.true(turns > (performance.now() - begun) / 100, `${turns} turns in ${Math.round(performance.now() - begun)} ms`)
  await runtime.close()
})
