// npm run mutate                       puts each fault of mutants.ts into a copy of the sources, and runs the tests of its area
// npm run mutate -- --area keys        those of one area; --only 'second look': those whose fault says so
// npm run mutate -- --simulate 500     runs so many seeds of the simulation instead, and tells how many it took
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AREAS, MUTANTS, mustFit, ROOT, type Mutant } from './mutants.ts'

const COPIED = [
  'src',
  'test',
  'examples',
  'bench',
  'docs',
  'package.json',
  'ava.config.js',
  'tsconfig.json',
  'README.md',
]
/** A line of AVA's of a test that failed. */
const FAILED = /^ *[✘×] (?:\[fail\]: )?(.*)\n/mu
/** A fault may let a test wait for ever. */
const TIMEOUT_MS = 240_000

const { values } = parseArgs({
  options: {
    area: { type: 'string' },
    only: { type: 'string' },
    simulate: { type: 'string' },
    jobs: { type: 'string', default: String(Math.max(1, Math.min(os.availableParallelism(), 4))) },
  },
})

/** A copy of the project in which one file is another. */
class Copy {
  readonly dir = fs.mkdtempSync(join(os.tmpdir(), 'stepwright-mutants-'))

  constructor() {
    for (const name of COPIED) fs.cpSync(join(ROOT, name), join(this.dir, name), { recursive: true })
    fs.symlinkSync(join(ROOT, 'node_modules'), join(this.dir, 'node_modules'))
  }

  apply({ file, find, replace }: Mutant): void {
    const source = fs.readFileSync(join(ROOT, 'src', file), 'utf8')
    fs.writeFileSync(
      join(this.dir, 'src', file),
      source.replace(find, () => replace),
    )
  }

  restore({ file }: Mutant): void {
    fs.copyFileSync(join(ROOT, 'src', file), join(this.dir, 'src', file))
  }

  remove(): void {
    fs.rmSync(this.dir, { recursive: true })
  }
}

interface Result {
  readonly killed: boolean
  /** The first test or seed that failed. */
  readonly by: string
}

async function execute(copy: Copy, args: readonly string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: copy.dir,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    // One failure is enough.
    if (FAILED.test(output)) child.kill('SIGTERM')
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, output }
}

const CONFORMANCE = 'store/conformance'

async function test(copy: Copy, area: Mutant['area']): Promise<Result> {
  const ava = [join('node_modules', 'ava', 'entrypoints', 'cli.js'), '--fail-fast']
  const names: readonly string[] = AREAS[area]
  const own = names.filter(name => name !== CONFORMANCE).map(name => `test/${name}.test.ts`)
  const result = await judge(copy, [...ava, ...own])
  if (result.killed || own.length === names.length) return result
  // Most mutants are of the one store.
  return judge(copy, [...ava, '--match=lowdb*', `test/${CONFORMANCE}.test.ts`])
}

async function judge(copy: Copy, args: readonly string[]): Promise<Result> {
  const { status, output } = await execute(copy, args)
  const failed = FAILED.exec(output)?.[1]
  return {
    killed: status !== 0,
    by: failed ?? (status === null ? 'nothing: it took too long' : output.trim().slice(-200)),
  }
}

async function simulate(copy: Copy, seeds: number): Promise<Result> {
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    '--conditions=@stepwright/source',
    'test/simulation/run.ts',
  ]
  const { status, output } = await execute(copy, [
    ...args,
    '--jobs',
    '1',
    '--until-violation',
    '--seeds',
    String(seeds),
  ])
  return { killed: status !== 0, by: output.split('\n').slice(0, 2).join(' ').slice(0, 250) }
}

const chosen = MUTANTS.filter(({ area, fault }) => (values.area ?? area) === area && fault.includes(values.only ?? ''))
for (const mutant of chosen) mustFit(mutant)

const waiting = [...chosen]
const survivors: Mutant[] = []

async function work(): Promise<void> {
  const copy = new Copy()
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    copy.apply(mutant)
    const { killed, by } = await (values.simulate === undefined
      ? test(copy, mutant.area)
      : simulate(copy, Number(values.simulate)))
    copy.restore(mutant)
    if (!killed) survivors.push(mutant)
    console.log(
      `${killed ? 'killed  ' : 'SURVIVED'} ${mutant.area}: ${mutant.fault}${killed ? `\n           by ${by}` : ''}`,
    )
  }
  copy.remove()
}

if (values.simulate === undefined) {
  const copy = new Copy()
  for (const area of new Set(chosen.map(one => one.area))) {
    const { killed, by } = await test(copy, area)
    if (killed) throw new Error(`The tests of ${area} fail without any fault: ${by}`)
  }
  copy.remove()
}
await Promise.all(Array.from({ length: Number(values.jobs) }, work))
console.log(`${chosen.length - survivors.length} of ${chosen.length} killed`)
for (const { area, fault, file } of survivors) console.log(`  survived: ${area}: ${fault} (src/${file})`)
if (survivors.length > 0) process.exitCode = 1
