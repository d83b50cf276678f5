import { createTestRuntime } from 'stepwright/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { reminder } from './reminder.ts'

test('a reminder is sent after a week, and tried again if the mail fails', async () => {
  const send = vi.fn(async (_to: string, _text: string) => {}).mockRejectedValueOnce(new Error('no connection'))
  const runtime = await createTestRuntime({ processes: [reminder], services: { mail: { send } } })
  onTestFinished(() => runtime.close())
  const { pid } = await runtime.start(reminder, { to: 'Ada' })
  await runtime.until(pid, 'sleeping')
  expect(send).not.toHaveBeenCalled()
  await runtime.clock.advance('7d')
  await runtime.until(pid, ({ steps }) => steps[1]!.status === 'waiting')
  await runtime.clock.advance('1m')
  await runtime.until(pid, 'finished')
  expect(send).toHaveBeenCalledTimes(2)
  expect(send).toHaveBeenLastCalledWith('Ada', 'Time to renew')
})
