// npm run bench:scale: what users wait for when a store has become large. Each store and size in a Node process of its own, under `ulimit -n 1024`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { atExit } from './at-exit.ts'
import { lineChart } from './chart.ts'
import type { Figures } from './scale-run.ts'
import { markdownTable } from './table.ts'

const STORES = ['lowdb', 'sqlite']
const { values } = parseArgs({
  options: {
    store: { type: 'string', multiple: true, default: STORES },
    // Of every store, or as `sqlite=1000000` of one.
    records: { type: 'string', multiple: true, default: ['1000', '10000', '100000', 'sqlite=1000000'] },
    json: { type: 'boolean', default: false },
    // Puts tables and curves into docs/performance.md.
    write: { type: 'boolean', default: false },
  },
})

/** Live ones beside the ended ones: a tenth of them, though not more. */
const MOST_LIVE = 10_000
const DOCS = join(import.meta.dirname, '..', 'docs')

const LISTS = [
  'status',
  'status that none has',
  'name',
  'name and status',
  'label that one in 997 has',
  'label and status',
  'two labels',
]

/** What is promised of each store at its largest. */
const TARGETS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  lowdb: {
    'start, x empty store': 1.3,
    'get, x empty store': 1.3,
    'get of a live one, x empty store': 1.3,
    'newest 50': 100,
    'counts by status': 200,
    'host start-up, takes over what is parked': 3_000,
    'retention, longest block of the event loop': 20,
    'KiB of heap for a parked process': 6,
    'open files': 1_024,
  },
  sqlite: {
    'newest 50': 20,
    ...Object.fromEntries(LISTS.map(what => [`50 of a ${what}`.replace('a two', 'two'), 20])),
    'open files': 1_024,
  },
}
const CURVES: Readonly<Record<string, readonly string[]>> = {
  'start-and-get': ['start', 'get'],
  lists: ['newest 50', '50 of a name and status'],
  host: ['host start-up, takes over what is parked', 'retention, longest block of the event loop'],
}

interface Run {
  readonly store: string
  readonly records: number
  readonly figures: Figures
}

async function run(store: string, records: number): Promise<Run> {
  const live = Math.min(MOST_LIVE, Math.round(records / 10))
  process.stderr.write(`${store}Store, ${records} ended processes, ${live} live ones\n`)
  // Beside the bench, so that it is the disk that is measured and not a file system in memory.
  const dir = mkdtempSync(join(import.meta.dirname, '.store-'))
  const remove = (): void => rmSync(dir, { recursive: true, force: true })
  atExit(remove)
  const flags = ['--conditions=@stepwright/source', '--expose-gc', '--disable-warning=ExperimentalWarning']
  const args = [
    process.execPath,
    ...flags,
    join(import.meta.dirname, 'scale-run.ts'),
    dir,
    store,
    String(records),
    String(live),
  ]
  const child = spawn('sh', ['-c', 'ulimit -n 1024 && exec "$@"', 'sh', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  atExit(() => child.kill('SIGKILL'))
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>])
  remove()
  if (code !== 0)
    throw new Error(`${store}Store with ${records} processes could not be measured: what it said is above`)
  return { store, records, figures: JSON.parse(output) as Figures }
}

const shown = (value: number | undefined): string =>
  value === undefined ? '' : value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))

/**
 * A row per figure, a column per size; the last one says what is promised and whether it is kept.
 */
function tableOf(runs: readonly Run[]): string {
  const names = [...new Set(runs.flatMap(({ figures }) => Object.keys(figures)))]
  const rows = names.map(name => {
    const found = runs.map(({ figures }) => figures[name])
    const target = TARGETS[runs[0]!.store]?.[name]
    const last = found.findLast(value => value !== undefined)
    const verdict = target === undefined || last === undefined ? '' : `${target}: ${last <= target ? 'met' : 'missed'}`
    return [name, ...found.map(shown), verdict]
  })
  return markdownTable(
    ['milliseconds, or as it says', ...runs.map(({ records }) => records.toLocaleString('en')), 'at most'],
    rows,
  )
}

function write(runs: readonly Run[]): void {
  for (const [file, names] of Object.entries(CURVES)) {
    const lines = STORES.flatMap(store =>
      names.map(name => ({
        label: `${store}Store: ${name}`,
        points: runs.flatMap(({ store: of, records, figures }) =>
          of === store && figures[name] !== undefined ? [[records, figures[name]] as const] : [],
        ),
      })),
    )
    writeFileSync(
      join(DOCS, `scale-${file}.svg`),
      lineChart(
        'By number of ended processes',
        'ms',
        lines.filter(({ points }) => points.length > 0),
      ),
    )
  }
  const page = join(DOCS, 'performance.md')
  let markdown = readFileSync(page, 'utf8')
  for (const store of STORES) {
    const own = runs.filter(one => one.store === store)
    const place = new RegExp(`(<!-- scale: ${store} -->\n)[^]*?(<!-- end -->)`)
    if (own.length > 0)
      markdown = markdown.replace(place, (_, begin: string, end: string) => `${begin}\n${tableOf(own)}\n\n${end}`)
  }
  writeFileSync(page, markdown)
}

const runs: Run[] = []
for (const store of values.store) {
  if (!STORES.includes(store)) throw new TypeError(`--store: expected ${STORES.join(' or ')}, got '${store}'`)
  for (const records of values.records) {
    const [, only = store, count] = /^(?:(lowdb|sqlite)=)?([1-9]\d{2,})$/.exec(records) ?? []
    if (count === undefined)
      throw new TypeError(`--records: expected a whole number from 100, or sqlite=1000000, got '${records}'`)
    if (only === store) runs.push(await run(store, Number(count)))
  }
}
if (values.json) console.log(JSON.stringify(runs, undefined, 2))
else
  for (const store of values.store)
    console.log(`\n${store}Store\n\n${tableOf(runs.filter(one => one.store === store))}`)
if (values.write) write(runs)
