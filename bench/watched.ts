// What it costs a host to be looked at: the same work, watched in several ways, in turn. Viewers
// and servers of the store run in processes of their own.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { createRuntime, defineProcess, lowdbStore, typed } from 'stepwright'
import { inspector } from 'stepwright/inspect'
import { inTurn, type Contestant } from './contestant.ts'
import { measure, median } from './measure.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    processes: { type: 'string', default: '3000' },
    'at-once': { type: 'string', default: '50' },
  },
})
const [rounds, processes, atOnce] = [Number(values.rounds), Number(values.processes), Number(values['at-once'])]

const children: ChildProcess[] = []
const CLI = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts')
const VIEWER = `const response = await fetch(process.argv[1]); console.log('open'); for await (const _ of response.body);`

async function start(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['--no-warnings', '--conditions=@stepwright/source', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return line
}

/** The token of an address that was printed serves for the others too. */
const at = (path: string, printed: string): string => new URL(path + new URL(printed).search, printed).href
const view = (url: string) => start('--input-type=module', '--eval', VIEWER, url)
const chain = defineProcess({ name: 'chain', input: typed<{ n: number }>() })
  .step('one', async ({ data }) => data)
  .step('two', async ({ data }) => data)
  .step('three', async ({ data }) => data)
  .step('four', async ({ data }) => data)

async function contestant(
  name: string,
  look: (dir: string, inspect: ReturnType<typeof inspector>) => Promise<void>,
  inspected = false,
): Promise<Contestant & { readonly name: string }> {
  const root = await mkdtemp(join(import.meta.dirname, '..', 'node_modules', '.bench-'))
  const dir = join(root, 'store')
  const shown = inspector({ quiet: true })
  const runtime = await createRuntime({
    processes: [chain],
    store: lowdbStore(dir),
    ...(inspected && { inspect: shown }),
  })
  await look(dir, shown)
  return {
    name,
    run: inTurn(async () => void (await (await runtime.start(chain, { n: 1 })).result())),
    async close() {
      await runtime.close()
      await shown.close()
      await rm(root, { recursive: true })
    },
  }
}

const nobody = async () => {}
const contestants = [
  await contestant('nobody looks', nobody),
  await contestant('inspector, nobody looks', nobody, true),
  await contestant('inspector, a viewer', async (_, { url }) => void (await view(at('events', (await url)!))), true),
  await contestant(
    'stepwright inspect, a viewer',
    async dir => void (await view(at('events', await start(CLI, '--store', dir, 'inspect', '--no-open')))),
  ),
  await contestant(
    'stepwright dashboard, a viewer',
    async dir => void (await view(at('api/events', await start(CLI, '--store', dir, 'dashboard', '--port', '0')))),
  ),
]
const results = new Map(contestants.map(one => [one, [] as number[]]))
for (const one of contestants) await measure(one, processes, atOnce)
for (let round = 1; round <= rounds; round++) {
  for (const [one, rates] of results)
    rates.push((await measure(one, processes, atOnce)).cpuMicroseconds / (4 * processes))
  process.stderr.write(`round ${round} of ${rounds}\n`)
}
const base = results.get(contestants[0]!)!
console.table(
  [...results].map(([{ name }, costs]) => ({
    looked: name,
    'CPU us/step of the host': Number(median(costs).toFixed(1)),
    'cost %': Number((median(costs.map((cost, round) => cost / base[round]! - 1)) * 100).toFixed(1)),
  })),
)
for (const child of children) child.kill()
for (const one of contestants) await one.close()
