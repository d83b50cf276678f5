import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { fakeModel } from '../ai/fake-model.ts'
import { closeBrowser, openTab } from '../browser/chromium.ts'
import { runCli } from '../cli/fake-io.ts'
import { startExample, temporaryFolder } from './run-example.ts'

test.after.always(closeBrowser)

test('chat.ts: a person approves from elsewhere, and a page that is loaded again has every word once', async t => {
  t.timeout(60_000)
  const cwd = await temporaryFolder(t)
  const half = Promise.withResolvers<void>()
  const text = 'Ada has the report now. '
  const { url, questions } = await fakeModel(t, ({ messages }) =>
    messages.length === 1
      ? { tool: 'send_mail', input: { to: 'ada' }, id: 'call-1' }
      : { text, pause: async word => (word === 2 ? half.promise : undefined) },
  )
  process.env['MODEL_URL'] = url
  const example = startExample(t, cwd, 'chat.ts')
  const [, address = ''] = /(http\S+)/.exec(await example.line(/^Read along at /)) ?? []
  const [, pid = '', name = ''] = /proceed (\w+) --name (\S+)/.exec(await example.line(/^npx stepwright proceed/)) ?? []
  const tab = await openTab(t)
  await tab.goto(address)
  const approved = await runCli([
    'proceed',
    pid,
    '--name',
    name,
    '--data',
    '{"yes":true}',
    '--store',
    join(cwd, '.stepwright'),
  ])
  t.is(approved.status, 0)
  await tab.getByText('Ada has', { exact: true }).waitFor()
  await tab.reload()
  await tab.getByText('Ada has', { exact: true }).waitFor()
  half.resolve()
  await tab.getByText(text.trim(), { exact: true }).waitFor()
  t.is(await tab.locator('#text').textContent(), text)
  const { code, stdout, stderr } = await example.ended
  t.is(stderr, '')
  t.is(code, 0)
  t.is(stdout.split('\n').at(-1)?.trim(), text.trim())
  t.deepEqual(
    questions.map(({ messages }) => messages.map(({ role }) => role)),
    [['user'], ['user', 'assistant', 'tool']],
  )
  t.is(await readFile(join(cwd, 'outbox.log'), 'utf8'), '{"to":"ada"}\n')
})
