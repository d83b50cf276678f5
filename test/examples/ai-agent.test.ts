import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { fakeModel } from '../ai/fake-model.ts'
import { startExample, temporaryFolder } from './run-example.ts'

test('ai-agent.ts goes on after it was killed, and asks the model and its tools nothing twice', async t => {
  const cwd = await temporaryFolder(t)
  const asked = Promise.withResolvers<void>()
  const { url, questions } = await fakeModel(t, ({ messages }, count) => {
    if (messages.length === 1) return { tool: 'weather', input: { city: 'Oslo' }, id: 'call-1' }
    // The second question is never answered: the host is killed while it waits.
    if (count === 2) asked.resolve()
    return count === 2 ? undefined : { text: 'It rains in Oslo.' }
  })
  process.env['MODEL_URL'] = url
  const first = startExample(t, cwd, 'ai-agent.ts')
  await asked.promise
  first.child.kill('SIGKILL')
  await first.ended
  const { code, stdout, stderr } = await startExample(t, cwd, 'ai-agent.ts').ended
  t.is(stderr, '')
  t.is(code, 0)
  t.regex(stdout, /^Process \w+\nIt rains in Oslo\.$/)
  t.deepEqual(
    questions.map(({ messages }) => messages.length),
    [1, 3, 3],
  )
  t.is(await readFile(join(cwd, 'tools.log'), 'utf8'), 'weather Oslo\n')
})
