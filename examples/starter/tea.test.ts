import assert from 'node:assert/strict'
import test from 'node:test'
import { createTestRuntime } from 'stepwright/testing'
import { tea } from './tea.ts'

test('the tea steeps for three seconds', async () => {
  const runtime = await createTestRuntime({ processes: [tea] })
  const { pid } = await runtime.start(tea)
  await runtime.until(pid, 'sleeping')
  await runtime.clock.advance('3s')
  const { output } = await runtime.until(pid, 'finished')
  assert.equal(output, 'a cup of Assam, 96 °C hot')
  await runtime.close()
})
