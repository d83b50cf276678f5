import { setTimeout } from 'node:timers/promises'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { isPid } from '../../record/pid.ts'
import type { ListOptions, ProcessInfo, ProcessStatus } from '../../index.ts'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { ScreenArea } from '../screen-area.ts'
import { addLabel, toCount, toTime, type Time } from '../option-values.ts'
import { printableJson, printableLines } from '../printable.ts'
import { processList } from '../render/process-list.ts'
import { STATUSES } from '../render/status.ts'
import { spent } from '../render/time.ts'
import { isLive, viewOf } from '../screen.ts'
import type { Act, Tools } from '../with-client.ts'

const REFRESH_MS = 500

const by = (key: (info: ProcessInfo) => string) => (a: ProcessInfo, b: ProcessInfo) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)
const spentMs = (info: ProcessInfo): number => spent(info, Date.now()) ?? 0

/** The newest, and the longest, come first. */
const SORTS = {
  created: (a: ProcessInfo, b: ProcessInfo) => by(info => info.createdAt)(b, a),
  updated: (a: ProcessInfo, b: ProcessInfo) => by(info => info.updatedAt)(b, a),
  name: by(info => info.name),
  status: by(info => info.status),
  took: (a: ProcessInfo, b: ProcessInfo) => spentMs(b) - spentMs(a),
} as const

interface Flags {
  readonly status?: readonly ProcessStatus[]
  readonly name?: string
  readonly label?: Readonly<Record<string, string>>
  readonly error?: string
  readonly since?: Time
  readonly before?: Time
  readonly cursor?: string
  readonly limit: number
  readonly quiet?: true
  readonly sort?: keyof typeof SORTS
  readonly watch?: true
  readonly json?: true
}

function addStatus(value: string, before: readonly ProcessStatus[] = []): ProcessStatus[] {
  const status = STATUSES.find(one => one === value)
  if (status === undefined) throw new InvalidArgumentError(`It is one of ${STATUSES.join(', ')}.`)
  return [...before, status]
}

export function define(command: Command, act: Act): void {
  command
    .option('--status <status>', `only processes with this status; may be repeated (${STATUSES.join(', ')})`, addStatus)
    .option('--name <name>', 'only processes of this definition')
    .option('--label <name=value>', 'only processes with this label; if repeated, with all of them', addLabel)
    .option('--error <text>', 'only processes whose error has this text in its name, code or message')
    .option('--since <time>', 'only processes created since then: 1h, 7d, 2026-01-31 or 2026-01-31T12:00Z', toTime)
    .option('--before <time>', 'only processes created before then', toTime)
    .option('--cursor <pid>', 'only processes older than this one, to continue a list')
    .option('--limit <count>', 'show at most this many', toCount, 50)
    .addOption(new Option('--sort <by>', 'how to sort the processes shown').choices(Object.keys(SORTS)))
    .option('--watch', 'update the list as it changes, until Ctrl-C; on terminals only')
    .option('-q, --quiet', 'print pids only, one per line')
    .option('--json', 'print a JSON array with everything about each of them')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright list --status running --status interrupted
  $ stepwright list --name import-dump --limit 5
  $ stepwright list --status error --since 1h --error ECONNRESET
  $ stepwright list --watch --sort updated
  $ stepwright list --label user=42 --json | jq -r '.[].pid'`,
    )
    .action(act(list))
}

async function list({ io, client }: Tools, flags: Flags): Promise<number> {
  if (flags.watch) return watchList({ io, client }, flags)
  const { json, quiet } = flags
  const { infos, next } = await read({ io, client }, flags, ({ error }) => say(error.message))
  if (json) io.stdout.write(`${printableJson(infos, 2)}\n`)
  else if (quiet) for (const { pid } of infos) io.stdout.write(`${pid}\n`)
  else if (infos.length > 0) io.stdout.write(`${processList(infos, viewOf(io)).join('\n')}\n`)
  else say(FILTERS.some(name => flags[name] !== undefined) ? 'no process matches: leave out some options to see more' : EMPTY)
  if (next !== undefined && !json && !quiet) say(`there are more: --cursor ${next} shows the next`)
  return 0

  function say(message: string): void {
    io.stderr.write(`stepwright: ${printableLines(message).join('\n')}\n`)
  }
}

const FILTERS = ['status', 'name', 'label', 'error', 'since', 'before', 'cursor'] as const
const EMPTY =
  'no processes yet. Start one with `runtime.start(definition, input)` in your program; another store is chosen with --store PATH'

/** Returns one page of processes, and in `next` the cursor of the next page if there is one. */
async function read(
  { io, client }: Pick<Tools, 'io' | 'client'>,
  { status, name, label, error, since, before, cursor, limit, sort }: Flags,
  onCorrupt?: ListOptions['onCorrupt'],
): Promise<{ readonly infos: readonly ProcessInfo[]; readonly next: string | undefined }> {
  const [from, to] = [since?.(io.now()) ?? -Infinity, before?.(io.now()) ?? Infinity]
  // A full pid is a valid cursor even if its process was deleted.
  const newest = cursor === undefined || isPid(cursor) ? cursor : await findPid(client, cursor)
  const infos: ProcessInfo[] = []
  let next: string | undefined
  // The list is ordered by pid, and pids by their time of creation.
  for await (const info of client.list({ status, name, labels: label, onCorrupt })) {
    const created = Date.parse(info.createdAt)
    if (created < from) break
    if (created >= to || (newest !== undefined && info.pid >= newest) || (error !== undefined && !hasError(info, error))) continue
    if (infos.length === limit) {
      next = infos.at(-1)!.pid
      break
    }
    infos.push(info)
  }
  return { infos: sort === undefined ? infos : infos.toSorted(SORTS[sort]), next }
}

const hasError = ({ error }: ProcessInfo, text: string): boolean =>
  error !== undefined && `${error.name} ${error.code ?? ''} ${error.message}`.toLowerCase().includes(text.toLowerCase())

/** Redraws the list in place until Ctrl-C. */
async function watchList({ io, client }: Pick<Tools, 'io' | 'client'>, flags: Flags): Promise<number> {
  if (!isLive(io)) throw new UsageError('--watch needs a terminal: elsewhere use `watch`, or `list` again and again')
  const signal = io.interrupted()
  let infos: readonly ProcessInfo[] = []
  const view = () => ({ ...viewOf(io), width: viewOf(io).width - 1 })
  const render = (): string[] =>
    infos.length === 0 ? ['no process matches'] : processList(infos, view()).slice(0, (io.stdout.rows || 24) - 1)
  const live = new ScreenArea(io.stdout, render)
  ;({ infos } = await read({ io, client }, flags))
  live.start()
  try {
    for (;;) {
      await setTimeout(REFRESH_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
      ;({ infos } = await read({ io, client }, flags))
    }
  } finally {
    live.stop(render())
  }
}
