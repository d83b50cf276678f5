import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { createRuntime, defineProcess, lowdbStore, openClient } from 'stepwright'
import { tempDir } from '../temp-dir.ts'
import { read } from './pages.ts'

/** Names of files as the page writes them. */
const placeholders = (path: string): string =>
  path
    .replaceAll('\\', '/')
    .replace(/^keys\/[\da-f]{64}$/, 'keys/<hash>')
    .replace(/^(charts|schedules)\/[a-z-]+(@1\+[\da-f]+)?/, (_, folder: string, version?: string) =>
      version === undefined ? `${folder}/<name>` : `${folder}/<name>@<version>+<shape>`,
    )
    .replace(/^commands\/[\da-z]{20}\.[\da-z]{20}/, 'commands/<pid>.<command>')
    .replace(/^(ended|logs|streams)\/[\da-z]{4}\//, '$1/<hour>/')
    .replace(/\b[\da-z]{20}\b/, '<pid>')
    .replace(/^limits\/[\da-f]{32}\/\d+$/, 'limits/<limit>/<number>')
    .replace(/^pauses\/.*\.json$/, 'pauses/<name>.json')
    .replace(/\bh[\da-z]{11}\b/, '<host>')
    .replace('.finished.', '.<status>.')

test('the page on stores names every file that a lowdb store has', async t => {
  const dir = join(await tempDir(t), 'store')
  const seen = new Set<string>()
  const look = async (): Promise<void> => {
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true }))
      if (!entry.isDirectory()) seen.add(placeholders(join(entry.parentPath, entry.name).slice(dir.length + 1)))
  }
  const pause = defineProcess({ name: 'pause', limit: { concurrency: 5 } })
    .step('talk', ({ log, write }) => {
      log('Hello')
      write('Hello')
    })
    .interrupt('wait')
  const yearly = defineProcess({ name: 'yearly', schedule: { cron: '@yearly' } }).step('work', () => null)

  const runtime = await createRuntime({ processes: [pause, yearly], store: lowdbStore(dir) })
  const ended = await runtime.start(pause, undefined, { key: 'a key' })
  for await (const { status } of runtime.watch(ended.pid))
    if (status === 'interrupted') await runtime.proceed(ended.pid)
  const { pid } = await runtime.start(pause)
  for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') break
  await look()
  await runtime.close()
  const client = openClient(dir)
  await client.submit('pause')
  await client.pause('pause')
  t.is(await client.proceed(pid), 'kept')
  await look()
  await client.close()

  const [, list = ''] = /<!-- files of a lowdb store -->\n([^]*?)<!-- end -->/.exec(await read('docs/stores.md')) ?? []
  const told = [...list.matchAll(/^- ([^]*?`): /gm)].flatMap(([, names = '']) => [...names.matchAll(/`([^`]+)`/g)])
  t.deepEqual(told.map(([, name = '']) => name).toSorted(), [...seen].toSorted())
})
