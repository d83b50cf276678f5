import fs from 'node:fs'
import path from 'node:path'
import * as fc from 'fast-check'
import test from 'ava'
import { FINAL_STATUSES } from '../../../src/record/record.ts'
import type { FinalStatus } from '../../../src/record/record.ts'
import { copyStore } from '../../../src/store/copy-store.ts'
import type { Collection } from '../../../src/store/documents.ts'
import { Paths, TRAILS } from '../../../src/store/lowdb/paths.ts'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import { tempDir } from '../helpers.ts'

const ROOT = '/some/store'
const paths = new Paths(ROOT)
const folders = [
  paths.hosts,
  paths.pending,
  paths.active,
  paths.released,
  paths.ended,
  paths.keys,
  ...Object.values(paths.trails),
]

/** Text as an attacker would write it, beside any other. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom('..', '.', '/', '\\', '\0', 'a', '0', 'h', '@', '+', '.json', 'released', 'b9u0000000zzzzzzzzzz'),
      {
        maxLength: 6,
      },
    )
    .map(parts => parts.join('')),
)

const MAKERS: readonly ((text: string, folder: string) => string)[] = [
  text => paths.activeFolder(text),
  (text, folder) => paths.journal(folder, text),
  (text, folder) => paths.draft(folder, text),
  text => paths.activeJournal(text, 'b9u0000000zzzzzzzzzz'),
  text => paths.activeJournal('released', text),
  text => paths.hourFolder(text),
  ...FINAL_STATUSES.map(status => (text: string) => paths.endedJournal(text, status)),
  text => paths.endedJournal('b9u0000000zzzzzzzzzz', text as FinalStatus),
  (text, folder) => paths.takenJournal(folder, text),
  ...TRAILS.flatMap(trail => [
    (text: string) => paths.trailFolder(trail, text),
    (text: string) => paths.trail(trail, text),
  ]),
  ...(['charts', 'commands', 'hosts', 'misfits', 'pauses', 'schedules'] as const).map(
    collection => (text: string) => paths.document(collection, text),
  ),
  text => paths.collection(text as Collection),
  text => paths.key(text),
  (text, folder) => paths.found(folder, text),
]

test('whatever a path is made of, it is below the store, or refused', t => {
  fc.assert(
    fc.property(anyText, fc.constantFrom(...MAKERS), fc.constantFrom(...folders), (text, make, folder) => {
      let made: string
      try {
        made = make(text, folder)
      } catch (error) {
        t.true(error instanceof TypeError)
        return
      }
      t.true(made.startsWith(`${ROOT}/`) && path.normalize(made) === made && !made.includes('\0'), JSON.stringify(made))
    }),
    { numRuns: 5_000 },
  )
})

test('no other file of the store makes paths', t => {
  const folder = path.join(import.meta.dirname, '../../../src/store/lowdb')
  for (const name of fs.readdirSync(folder).filter(one => one !== 'paths.ts')) {
    const source = fs.readFileSync(path.join(folder, name), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '')
    t.notRegex(
      source,
      /\}\/|\/\$\{|\+ ?'\/'|\b(?:join|resolve)\b[^}]*\} from 'node:path'/,
      `${name} puts a path together: paths.ts does`,
    )
  }
})

test('a copy of a store somebody made up writes nothing beside the target', async t => {
  const dir = tempDir(t)
  const [from, to, victim] = ['from', 'to', 'victim'].map(name => path.join(dir, name)) as [string, string, string]
  fs.mkdirSync(victim)
  await (await lowdbStore(from).openHost()).close()
  fs.mkdirSync(path.join(from, 'charts'))
  for (const [file, shape] of [
    ['tea@1+f00.json', '../../victim/package'],
    ['x.json', 'f00/../../../victim/package'],
  ] as const)
    fs.writeFileSync(path.join(from, 'charts', file), JSON.stringify({ name: 'tea', version: '1', shape, chart: {} }))
  t.deepEqual(await copyStore(lowdbStore(from), lowdbStore(to)), { copied: 0, present: 0 })
  t.deepEqual(fs.readdirSync(victim), [])
  t.deepEqual(fs.readdirSync(dir).toSorted(), ['from', 'to', 'victim'])
})
