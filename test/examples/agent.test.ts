import test from 'ava'
import { runExample, temporaryFolder } from './run-example.ts'

test('agent.ts thinks, calls its tools and answers', async t => {
  const { code, stdout, stderr } = await runExample(t, await temporaryFolder(t), 'agent.ts')
  t.is(stderr, '')
  t.is(code, 0)
  const lines = stdout.split('\n')
  t.is(lines.at(-1), "{ answer: 'It is noon, and sunny.', turns: 3 }")
  t.deepEqual(
    lines.slice(0, -1).filter((line, at) => line !== lines[at - 1]),
    ['thinking', 'calling', 'thinking', 'calling', 'thinking', 'answered'],
  )
})
