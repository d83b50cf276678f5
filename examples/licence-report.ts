// Reports the licences of all installed packages: npm start -- [folder] [--pace MS] It is a process
// of five steps. Watch it from another terminal, stop it with Ctrl-C, and run it again: it
// continues where it was.
import { randomUUID } from 'node:crypto'
import { stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createRuntime, defineProcess, FatalError, typed, type ProcessInfo, type Runtime } from 'stepwright'
import { findPackages, isCode } from './licences/find.ts'
import { groupByLicence, summarize } from './licences/group.ts'
import { readLicenceFile } from './licences/licence-file.ts'
import { readManifest } from './licences/manifest.ts'
import { writeReport } from './licences/report.ts'
import { screenFor } from './licences/screen.ts'
import { plural } from './licences/text.ts'
import { watchCommand } from './licences/watch-command.ts'

interface Input {
  folder: string
  /** The path of the report. */
  report: string
  /** How long to wait before each package, in milliseconds. */
  paceMs: number
}

const licenceReport = defineProcess({ name: 'licence-report', input: typed<Input>() })
  .step('find', async ({ input, signal, progress }) => {
    const paths: string[] = []
    for await (const path of findPackages(input.folder)) {
      signal.throwIfAborted()
      progress(paths.push(path))
    }
    if (paths.length === 0)
      throw new FatalError(`There are no installed packages in ${input.folder}: give a folder that has node_modules`)
    return paths
  })
  .each(
    'manifests',
    ({ data }) => data,
    async ({ data, input, signal }) => {
      await pace(input, signal)
      return readManifest(input.folder, data)
    },
    { concurrency: 1 },
  )
  .each(
    'licence-files',
    ({ data }) => data,
    async ({ data, input, signal }) => {
      await pace(input, signal)
      return readLicenceFile(input.folder, data)
    },
    { concurrency: 1 },
  )
  .step('group', ({ data }) => groupByLicence(data))
  .step('write', async ({ data, input }) => {
    await writeFile(input.report, writeReport(input.folder, data))
    return { ...summarize(data), report: input.report }
  })

/** Rejects when the process is cancelled or the runtime closes: then the step must stop. */
async function pace({ paceMs }: Input, signal: AbortSignal): Promise<void> {
  if (paceMs > 0) await setTimeout(paceMs, undefined, { signal })
  signal.throwIfAborted()
}

async function readArguments(): Promise<Input> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { pace: { type: 'string', default: '0' } },
  })
  const paceMs = Number(values.pace)
  if (!(paceMs >= 0 && paceMs <= 60_000))
    throw new Error(`--pace must be milliseconds from 0 to 60000, received '${values.pace}'`)
  if (positionals.length > 1) throw new Error(`Give one folder, not ${positionals.length}: ${positionals.join(', ')}`)
  const folder = resolve(positionals[0] ?? join(import.meta.dirname, '..', 'node_modules'))
  const found = await stat(folder).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  })
  if (!found?.isDirectory()) throw new Error(`There is no folder ${folder}`)
  return { folder, report: resolve('licences.md'), paceMs }
}

/**
 * An earlier run of the same report that was interrupted. The runtime has adopted it, and its key
 * leads `start` back to it.
 */
async function findUnfinished(runtime: Runtime, labels: Record<string, string>): Promise<ProcessInfo | undefined> {
  for await (const info of runtime.list({ name: licenceReport.name, status: ['pending', 'running'], labels }))
    return info
  return undefined
}

async function main(): Promise<void> {
  const input = await readArguments()
  const runtime = await createRuntime({ processes: [licenceReport] })
  try {
    const labels = { folder: input.folder }
    const earlier = await findUnfinished(runtime, labels)
    const job = await runtime.start(licenceReport, input, { labels, key: earlier?.key ?? randomUUID() })
    if (earlier === undefined) console.log(`Process ${job.pid} is reading the packages in ${input.folder}`)
    else console.log(`Process ${job.pid}, started at ${earlier.createdAt}, continues where it was`)
    console.log(`Watch it from another terminal, in this folder:\n\n    ${watchCommand(job.pid)}\n`)
    if (earlier === undefined && input.paceMs > 0)
      console.log(`It waits ${input.paceMs} ms per package so that you can watch; --pace 0 runs at full speed.`)
    console.log('Stop it with Ctrl-C and run it again: it continues at the same step.\n')

    job.subscribe(screenFor(process.stdout))
    const { packages, licences, copyleft, choice, missing, notSpdx, unreadable, report } = await job.result()
    console.log(`\n${plural(packages, 'package')}, ${plural(licences, 'licence')}`)
    console.log(
      `${copyleft} copyleft, ${choice} where copyleft is one choice, ${missing} without a licence, ${notSpdx} not SPDX, ${unreadable} unreadable`,
    )
    console.log(`The report is in ${report}`)
  } finally {
    await runtime.close()
  }
}

main().catch((error: unknown) => {
  console.error(`licence-report: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
