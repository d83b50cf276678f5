// Whatever has become of one journal, every host opens, and goes on with its neighbours.
import fs from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import { lowdbStore, type Store } from 'stepwright'
import { createTestRuntime } from 'stepwright/testing'
import { sqliteStore } from 'stepwright/sqlite'
import { DatabaseSync } from 'node:sqlite'
import { newCard } from '../../src/store/hosts/card.ts'
import { hourOf } from '../../src/record/pid.ts'
import { isFinal, type ProcessRecord } from '../../src/record/record.ts'
import { all } from '../golden/definitions.ts'
import { tempDir } from '../temp-dir.ts'
import { CHANGES, changed, pathsOf } from './damage.ts'

const RUNS = Number(process.env['STEPWRIGHT_FUZZ_RUNS'] ?? 60)
const HOST = 'h00000000001'
const GOLDEN = join(import.meta.dirname, '../golden/format-1')
const HEALTHY = ['interrupted', 'sleeping', 'finished']

const linesOf = (name: string): ProcessRecord[] =>
  fs
    .readFileSync(join(GOLDEN, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as ProcessRecord)

const NAMES = fs
  .readdirSync(GOLDEN)
  .map(name => name.replace('.jsonl', ''))
  .filter(name => !HEALTHY.includes(name))

interface Journal {
  readonly pid: string
  readonly status: ProcessRecord['status']
  readonly lines: readonly unknown[]
}

const journalOf = (name: string): Journal => {
  const lines = linesOf(name)
  return { pid: lines[0]!.pid, status: lines.at(-1)!.status, lines }
}

/** A journal with one field of one of its lines damaged. */
const damaged = fc
  .record({
    name: fc.constantFrom(...NAMES),
    line: fc.nat(),
    path: fc.nat(),
    change: fc.constantFrom(...CHANGES.keys()),
  })
  .map(({ name, line, path, change }): Journal & { readonly what: string } => {
    const { pid, status, lines } = journalOf(name)
    // The first and the newest line count most.
    const at = line % 3 === 0 ? 0 : line % 3 === 1 ? lines.length - 1 : line % lines.length
    const paths = pathsOf(lines[at])
    const chosen = paths[path % paths.length]!
    const bad = changed(lines[at], chosen, CHANGES[change]!)
    return {
      pid,
      status,
      lines: lines.map((one, i) => (i === at ? bad : one)),
      what: `${name}:${at} ${chosen.join('.')} change ${change}`,
    }
  })

const text = (lines: readonly unknown[]): string => lines.map(line => `${JSON.stringify(line) ?? ''}\n`).join('')

function fillLowdb(dir: string, journals: readonly Journal[]): Store {
  for (const folder of ['hosts', 'pending', 'keys', 'active/released', `active/${HOST}`, 'ended'])
    fs.mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 })
  fs.writeFileSync(join(dir, 'store.json'), '{"format":1}')
  fs.writeFileSync(join(dir, 'hosts', `${HOST}.json`), JSON.stringify(newCard(HOST)))
  for (const { pid, status, lines } of journals) {
    const folder = isFinal(status) ? join(dir, 'ended', hourOf(pid)) : join(dir, 'active', HOST)
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(join(folder, isFinal(status) ? `${pid}.${status}.jsonl` : `${pid}.jsonl`), text(lines))
  }
  return lowdbStore(dir)
}

function fillSqlite(file: string, template: string, journals: readonly Journal[]): Store {
  fs.copyFileSync(template, file)
  const db = new DatabaseSync(file)
  db.exec('BEGIN')
  const insert = db.prepare(
    `INSERT INTO processes (id, pid, name, status, owner, revision, newest, bytes, ended_at) VALUES (?1, ?2, 'x', ?3, ?4, ?5, ?5, 1, ?6)`,
  )
  const line = db.prepare('INSERT INTO lines (process, revision, line) VALUES (?, ?, ?)')
  for (const [id, { pid, status, lines }] of journals.entries()) {
    // The newest transition is what a database says it is.
    const newest = 1 + lines.findLastIndex(one => typeof one === 'object' && one !== null && 'snapshot' in one)
    insert.run(id + 1, pid, status, isFinal(status) ? null : HOST, Math.max(newest, 1), isFinal(status) ? 1 : null)
    for (const [i, one] of lines.entries()) line.run(id + 1, i + 1, JSON.stringify(one) ?? '')
  }
  db.prepare("INSERT INTO documents (collection, name, document) VALUES ('hosts', ?, ?)").run(
    HOST,
    JSON.stringify(newCard(HOST)),
  )
  db.exec('COMMIT')
  db.close()
  return sqliteStore(file)
}

async function goesOn(t: ExecutionContext, store: Store, bad: Journal & { readonly what: string }): Promise<void> {
  const healthy = HEALTHY.map(journalOf)
  const runtime = await createTestRuntime({ processes: all, store, retention: false, logger: silent })
  try {
    const corrupt: string[] = []
    const listed = new Map<string, unknown>()
    for await (const info of runtime.list({ onCorrupt: ({ pid }) => corrupt.push(pid) })) listed.set(info.pid, info)
    for (const { pid } of healthy) t.true(listed.has(pid), `${bad.what}: lists ${pid}`)
    for (const { pid, status } of healthy) {
      const { value } = await runtime.watch(pid)[Symbol.asyncIterator]().next()
      t.is(
        (value as { host?: { state: string } }).host?.state,
        isFinal(status) ? undefined : 'alive',
        `${bad.what}: adopts ${pid}`,
      )
    }
    if (!listed.has(bad.pid)) t.deepEqual(corrupt, [bad.pid], `${bad.what}: told`)
    await runtime
      .get(bad.pid)
      .catch((error: Error & { code?: string }) =>
        t.regex(error.code ?? error.stack!, /ERR_STORE_(CORRUPT|VERSION)/, bad.what),
      )
    await runtime
      .history(bad.pid)
      .catch((error: Error & { code?: string }) =>
        t.regex(error.code ?? error.stack!, /ERR_STORE_(CORRUPT|VERSION)|ERR_UNKNOWN_PROCESS/, bad.what),
      )
  } finally {
    await runtime.die()
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Fields that once kept hosts from opening, and every list from being read. */
const KNOWN = (
  [
    ['pending', 0, ['key'], 5],
    ['running-machine', -1, ['snapshot', 'machine'], {}],
    ['sleeping-until-a-computed-time', -1, ['snapshot', 'children'], [null]],
    ['running-recovered', -1, ['startedAt'], 'yesterday'],
    ['error', -1, ['startedAt'], 1e300],
    ['timeout', 0, ['outline'], [null]],
  ] as const
).map(([name, line, path, value]) => {
  const { pid, status, lines } = journalOf(name)
  const at = line === 0 ? 0 : lines.length - 1
  const damage = (one: unknown): unknown => {
    const whole = JSON.parse(JSON.stringify(one)) as Record<string, Record<string, unknown>>
    if (path.length === 1) return { ...whole, [path[0]]: value }
    return { ...whole, [path[0]]: { ...whole[path[0]], [path[1]]: value } }
  }
  return {
    pid,
    status,
    lines: lines.map((one, i) => (i === at ? damage(one) : one)),
    what: `${name} ${path.join('.')}`,
  }
})

test('lowdb: known damages are in nobody\u2019s way', async t => {
  const dir = await tempDir(t)
  for (const [i, bad] of KNOWN.entries())
    await goesOn(t, fillLowdb(join(dir, String(i)), [...HEALTHY.map(journalOf), bad]), bad)
})

test('lowdb: a damaged journal is in nobody\u2019s way', async t => {
  const dir = await tempDir(t)
  let run = 0
  await fc.assert(
    fc.asyncProperty(damaged, async bad => {
      const store = fillLowdb(join(dir, String((run += 1))), [...HEALTHY.map(journalOf), bad])
      await goesOn(t, store, bad)
    }),
    { numRuns: RUNS },
  )
})

test('sqlite: a damaged journal is in nobody\u2019s way', async t => {
  const dir = await tempDir(t)
  const template = join(dir, 'template.sqlite')
  const host = await sqliteStore(template).openHost()
  await host.close()
  let run = 0
  await fc.assert(
    fc.asyncProperty(damaged, async bad => {
      const store = fillSqlite(join(dir, `${(run += 1)}.sqlite`), template, [...HEALTHY.map(journalOf), bad])
      await goesOn(t, store, bad)
      await store.close()
    }),
    { numRuns: RUNS },
  )
})
