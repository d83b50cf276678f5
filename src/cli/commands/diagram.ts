import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { Option, type Command } from 'commander'
import type { Store } from '../../index.ts'
import { storeAt } from '../../client/store-at.ts'
import { chartsIn } from '../charts-in.ts'
import { flowOf } from '../../inspect/diagram/flow.ts'
import { mermaid } from '../../inspect/diagram/mermaid.ts'
import { progressed, type Progressed } from '../../inspect/diagram/chart-progress.ts'
import { svg } from '../../inspect/diagram/svg.ts'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { printable } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'
import { readCharts } from '../../store/charts.ts'

interface Flags {
  readonly format: 'mermaid' | 'json' | 'svg'
}

interface Drawing {
  readonly chart: unknown
  readonly progress?: Progressed
}

export function define(command: Command, act: Act): void {
  command
    .argument(
      '<what>',
      'a pid, the name of a definition in the store (name or name@version), or a module that exports definitions',
    )
    .argument('[name]', 'the name of the definition, if the module exports several')
    .addOption(
      new Option('--format <format>', "Mermaid text, the machine as Stately's editor imports it, or a picture")
        .choices(['mermaid', 'json', 'svg'])
        .default('mermaid'),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright diagram ./src/import-dump.js >> README.md
  $ stepwright diagram import-dump --format svg > import-dump.svg
  $ stepwright diagram aou70 --format svg > where-it-is.svg`,
    )
    .action(act(diagram))
}

async function diagram(
  { io, client, path }: Tools,
  what: string,
  name: string | undefined,
  { format }: Flags,
): Promise<number> {
  const { chart, progress } = isModule(what) ? { chart: await chartOfModule(what, name) } : await fromStore(what)
  const text =
    format === 'json'
      ? `${JSON.stringify(chart, null, 2)}\n`
      : format === 'svg'
        ? svg(flowOf(chart), progress)
        : mermaid(flowOf(chart), progress)
  io.stdout.write(text)
  return 0

  async function fromStore(wanted: string): Promise<Drawing> {
    const store = storeAt(path)
    try {
      const named = await chartNamed(store, wanted)
      return named === undefined
        ? await chartOfProcess(store, await findPid(client, wanted), io.now())
        : { chart: named }
    } finally {
      await store.close()
    }
  }
}

const isModule = (what: string): boolean => /[/\\]|\.[cm]?[jt]s$/.test(what)

async function chartOfModule(path: string, name: string | undefined): Promise<unknown> {
  if (!existsSync(path)) throw new UsageError(`There is no module ${printable(path)}`)
  const charts = chartsIn((await import(pathToFileURL(path).href)) as Record<string, unknown>)
  const names = [...charts.keys()].join(', ')
  if (charts.size === 0)
    throw new UsageError(
      `${printable(path)} exports no definition: export what defineProcess() returns, and run the \`stepwright\` of the same project (npx stepwright)`,
    )
  if (name === undefined && charts.size > 1)
    throw new UsageError(`${printable(path)} exports several definitions: add one of ${names}`)
  const chart = charts.get(name ?? names)
  if (chart === undefined)
    throw new UsageError(`${printable(path)} exports no definition '${printable(name ?? '')}'. It has ${names}`)
  return chart
}

/** Without a version, the last one. */
async function chartNamed(store: Store, wanted: string): Promise<unknown> {
  const [name, version] = wanted.split('@', 2)
  const found = (await readCharts(store.documents)).filter(
    chart => chart.name === name && (version === undefined || chart.version === version),
  )
  return found.toSorted((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true })).at(-1)?.chart
}

async function chartOfProcess(store: Store, pid: string, now: number): Promise<Drawing> {
  const stored = await store.get(pid)
  if (stored === undefined) throw new UsageError(`Process ${pid} has just been deleted`)
  const { name, version, shape, status, outline, steps } = stored.record
  const chart = (await readCharts(store.documents)).find(
    one => one.name === name && one.version === version && one.shape === shape,
  )?.chart
  if (chart === undefined)
    throw new UsageError(
      `The store has no chart of ${name} version ${version}, of which process ${pid} is: its host was older. Give the module that exports the definition instead`,
    )
  const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())
  const states = outline.map(step => {
    const { status: stepStatus = 'pending', attempt = 0, startedAt, endedAt } = steps[step.name] ?? {}
    const [from, to] = [iso(startedAt), iso(endedAt)]
    return {
      name: step.name,
      status: stepStatus,
      attempt,
      ...(from && { startedAt: from }),
      ...(to && { endedAt: to }),
    }
  })
  return { chart, progress: progressed(status, states, now) }
}
