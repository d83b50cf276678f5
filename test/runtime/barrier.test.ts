import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { openClient, type HistoryEntry } from 'stepwright'
import { tempDir } from '../temp-dir.ts'

const host = join(import.meta.dirname, '../hosts/barrier-host.ts')
const KILLS = 8

interface Told {
  readonly started: Set<string>
  /** `pid step attempt` */
  readonly begun: string[]
  readonly ended: Set<string>
}

async function toldIn(file: string): Promise<Told> {
  const told: Told = { started: new Set(), begun: [], ended: new Set() }
  for (const line of (await readFile(file, 'utf8').catch(() => '')).split('\n')) {
    const [word, pid = '', ...rest] = line.split(' ')
    if (word === 'started') told.started.add(pid)
    if (word === 'begin') told.begun.push([pid, ...rest].join(' '))
    if (word === 'end') told.ended.add([pid, ...rest].join(' '))
  }
  return told
}

/** The record that says this attempt of this step has begun. */
const beginning = (history: HistoryEntry[], step: string, attempt: number) =>
  history.find(({ steps }) =>
    steps.some(({ name, status, attempt: begun }) => name === step && status === 'running' && begun === attempt),
  )

test('no step has ever begun before the completion of its predecessor was on disk, whenever the host is killed', async t => {
  const dir = await tempDir(t)
  const store = join(dir, 'store'),
    effects = join(dir, 'effects')
  const client = openClient(store)
  for (let kill = 1; kill <= KILLS; kill++) {
    const child = fork(host, [store, effects, '200'], { execArgv: process.execArgv })
    await once(child, 'message')
    // Any moment is as good as another: nothing is waited for here, the kill is to fall anywhere.
    await delay(Math.random() * 120)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { begun } = await toldIn(effects)
    for (const line of new Set(begun)) {
      const [pid = '', step = '', attempt] = line.split(' ')
      const record = beginning(await client.history(pid), step, Number(attempt))
      t.truthy(record, `attempt ${attempt} of ${step} of ${pid} ran, but no record says that it begins`)
      const before = record?.steps[Number(step.slice(1)) - 1]
      t.is(before?.status, 'finished', `${step} of ${pid} ran before its predecessor's end was written`)
    }
  }
  const last = fork(host, [store, effects, '0'], { execArgv: process.execArgv })
  await once(last, 'exit')
  const { started, begun } = await toldIn(effects)
  t.true(started.size > KILLS)
  for (const pid of started) {
    const info = await client.get(pid)
    t.is(info?.status, 'finished', `process ${pid} was lost`)
    const { n } = (info?.input ?? {}) as { n: number }
    t.deepEqual(info?.output, { n: n + 5 })
  }
  t.is(new Set(begun).size, begun.length, 'the same attempt ran twice')
  for await (const { pid, status } of client.list()) {
    t.is(status, 'finished')
    const history = await client.history(pid)
    for (const [index, entry] of history.entries()) {
      t.is(entry.revision, index + 1)
      const earlier = history[index - 1]
      for (const [step, { status: before, name }] of (earlier?.steps ?? []).entries())
        if (before === 'finished')
          t.is(entry.steps[step]?.status, 'finished', `finished step ${name} of ${pid} ran again`)
    }
  }
  await client.close()
})
