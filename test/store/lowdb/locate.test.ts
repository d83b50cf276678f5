import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Files } from '../../../src/journal/files.ts'
import { collect, created } from '../../../src/testing/conformance/samples.ts'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import { journalOf, tempDir } from '../helpers.ts'

/**
 * A process of the host whose folder is looked into last, and a file system on which its journal
 * then goes to the one looked into first.
 */
async function movingJournal(t: ExecutionContext) {
  const dir = tempDir(t)
  const hosts = [await lowdbStore(dir).openHost(), await lowdbStore(dir).openHost()] as const
  const order = fs.readdirSync(path.join(dir, 'active')).filter(name => name.startsWith('h'))
  const owner = hosts.find(({ hostId }) => hostId === order[1])!
  const { pid } = await created(owner)
  const from = journalOf(dir, order[1]!, pid)
  const to = journalOf(dir, order[0]!, pid)
  const move = (): void => {
    if (fs.existsSync(from)) fs.renameSync(from, to)
  }
  t.teardown(() => Promise.all(hosts.map(host => host.close())))
  return { dir, pid, from, move }
}

test('a journal is found that moves to where it was looked for already', async t => {
  const { dir, pid, from, move } = await movingJournal(t)
  const files: Files = {
    ...fs,
    statSync(file, options) {
      if (file === from) move()
      return fs.statSync(file, options)
    },
  }
  t.is((await lowdbStore(dir, { files }).get(pid))?.record.pid, pid)
})

test('a list has a process that moves to where it was looked for already', async t => {
  const { dir, pid, from, move } = await movingJournal(t)
  const files: Files = {
    ...fs,
    readdirSync(folder) {
      if (folder === path.dirname(from)) move()
      return fs.readdirSync(folder)
    },
  }
  const found = await collect(lowdbStore(dir, { files }).list())
  t.deepEqual(
    found.map(({ record }) => record.pid),
    [pid],
  )
})
