import type { Command } from 'commander'
import type { BulkOptions, BulkQuery, BulkStep, ProcessStatus } from '../index.ts'
import { FAILED, UsageError } from './failure.ts'
import { printable, printableJson } from './printable.ts'
import { addQuery, hasQuery, toQuery, type QueryFlags } from './query.ts'
import { progressBar } from './render/progress-bar.ts'
import { ScreenArea } from './screen-area.ts'
import { isLive } from './screen.ts'
import type { Tools } from './with-client.ts'

const BAR_CELLS = 30
/** How many processes a dry run on a terminal names before it asks. */
const SHOWN = 5

/** The options of a command that does something to one process, or to all that fit. */
export interface BulkFlags extends QueryFlags {
  readonly dryRun?: true
  readonly yes?: true
  readonly json?: true
}

type Bulk = (query: BulkQuery, options: BulkOptions) => AsyncIterable<BulkStep>

/** @param statuses of the processes that the command can do something to */
export const addBulk = (command: Command, statuses: readonly ProcessStatus[]): Command =>
  addQuery(command, statuses)
    .option('--dry-run', 'list the processes that fit, and do nothing')
    .option('-y, --yes', 'do not ask first; needed where there is no terminal')

/**
 * Whether processes are chosen by options.
 * @throws UsageError if they are named by pids as well, or not at all
 */
export function isBulk(pids: readonly string[], flags: BulkFlags, verb: string): boolean {
  const byQuery = hasQuery(flags)
  if (byQuery && pids.length > 0) throw new UsageError(`Give either pids or options that choose processes, not both`)
  if (!byQuery && pids.length === 0)
    throw new UsageError(`Which processes? Give pids, or options that choose them: see \`stepwright ${verb} --help\``)
  return byQuery
}

/**
 * Does something to all processes that fit: asks first on a terminal, and shows how far it is.
 *
 * @param verb what it does, such as `cancel`
 * @returns the exit status
 */
export async function doAll({ io }: Tools, flags: BulkFlags, verb: string, bulk: Bulk): Promise<number> {
  const { dryRun, yes, json } = flags
  // Once: `--since 1h` means the same processes before and after the question.
  const query = toQuery(flags, io.now())
  if (!dryRun && !yes) await confirm()
  const signal = io.interrupted()
  let last: BulkStep | undefined
  let failed = 0
  const bar = (): string[] =>
    last === undefined
      ? []
      : [`${progressBar({ value: last.done, total: last.total }, BAR_CELLS)} ${last.done}/${last.total}`]
  const area = isLive(io) && !json && !dryRun ? new ScreenArea(io.stdout, bar) : undefined
  area?.start()
  try {
    for await (const step of bulk(query, { signal, ...(dryRun && { dryRun }) })) {
      last = step
      if (step.outcome === 'failed') failed += 1
      if (json) io.stdout.write(`${toJson(step)}\n`)
      else if (!area) io.stdout.write(`${line(step)}\n`)
    }
  } finally {
    area?.stop(bar())
  }
  const [done, total] = [(last?.done ?? 0) - failed, last?.total ?? 0]
  const ways = dryRun ? `${counted(total)} would be ${PAST[verb]}` : `${counted(done)} ${PAST[verb]}`
  if (!json) io.stderr.write(`stepwright: ${ways}${failed > 0 ? `, ${failed} could not be` : ''}\n`)
  return failed > 0 ? FAILED : 0

  async function confirm(): Promise<void> {
    if (io.ask === undefined)
      throw new UsageError(
        `There is no terminal to ask on: give --yes to ${verb} all that fit, or --dry-run to see them`,
      )
    const found: BulkStep[] = []
    for await (const step of bulk(query, { dryRun: true })) found.push(step)
    if (found.length === 0) return
    const more = found.length > SHOWN ? [`... and ${found.length - SHOWN} more`] : []
    io.stdout.write(`${[...found.slice(0, SHOWN).map(line), ...more].join('\n')}\n`)
    const answer = await io.ask(`${verb[0]!.toUpperCase()}${verb.slice(1)} ${counted(found.length)}? [y/N] `)
    if (!/^y(?:es)?$/i.test(answer.trim())) throw new UsageError('Nothing was done')
  }
}

const PAST: Readonly<Record<string, string>> = { cancel: 'cancelled', retry: 'retried', delete: 'deleted' }

const counted = (count: number): string => `${count} ${count === 1 ? 'process' : 'processes'}`

const line = ({ pid, name, status, outcome, retriedBy, error }: BulkStep): string =>
  [pid, printable(name), status, outcome, retriedBy, error && printable(error.message)]
    .filter(part => part !== undefined)
    .join(' ')

const toJson = ({ error, ...step }: BulkStep): string =>
  printableJson(error === undefined ? step : { ...step, error: { code: error.code, message: error.message } })
