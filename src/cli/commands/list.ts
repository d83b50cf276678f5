import { setTimeout } from 'node:timers/promises'
import { Option, type Command } from 'commander'
import { isPid } from '../../record/pid.ts'
import type { ListOptions, ProcessInfo } from '../../index.ts'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { ScreenArea } from '../screen-area.ts'
import { toCount } from '../option-values.ts'
import { printableJson, printableLines } from '../printable.ts'
import { addQuery, toQuery, type QueryFlags } from '../query.ts'
import { processList } from '../render/process-list.ts'
import { STATUSES } from '../render/status.ts'
import { spent } from '../render/time.ts'
import { isLive, viewOf } from '../screen.ts'
import type { Act, Tools } from '../with-client.ts'

const REFRESH_MS = 500

const by = (key: (info: ProcessInfo) => string) => (a: ProcessInfo, b: ProcessInfo) =>
  key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0
const spentMs = (info: ProcessInfo): number => spent(info, Date.now()) ?? 0

/** The newest, and the longest, come first. */
const SORTS = {
  created: (a: ProcessInfo, b: ProcessInfo) => by(info => info.createdAt)(b, a),
  updated: (a: ProcessInfo, b: ProcessInfo) => by(info => info.updatedAt)(b, a),
  name: by(info => info.name),
  status: by(info => info.status),
  took: (a: ProcessInfo, b: ProcessInfo) => spentMs(b) - spentMs(a),
} as const

interface Flags extends QueryFlags {
  readonly open?: true
  readonly cursor?: string
  readonly limit: number
  readonly quiet?: true
  readonly sort?: keyof typeof SORTS
  readonly watch?: true
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  addQuery(command, STATUSES)
    .addOption(new Option('--open', 'only failures that nobody has retried, in error or timeout').conflicts('status'))
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
  else
    say(
      FILTERS.some(name => flags[name] !== undefined)
        ? 'no process matches: leave out some options to see more'
        : EMPTY,
    )
  if (next !== undefined && !json && !quiet) say(`there are more: --cursor ${next} shows the next`)
  return 0

  function say(message: string): void {
    io.stderr.write(`stepwright: ${printableLines(message).join('\n')}\n`)
  }
}

const OPEN = { status: ['error', 'timeout'], retried: false } as const
const FILTERS = ['status', 'name', 'label', 'error', 'since', 'before', 'open', 'cursor'] as const
const EMPTY =
  'no processes yet. Start one with `runtime.start(definition, input)` in your program; another store is chosen with --store PATH'

/** Returns one page of processes, and in `next` the cursor of the next page if there is one. */
async function read(
  { io, client }: Pick<Tools, 'io' | 'client'>,
  flags: Flags,
  onCorrupt?: ListOptions['onCorrupt'],
): Promise<{ readonly infos: readonly ProcessInfo[]; readonly next: string | undefined }> {
  const { cursor, limit, sort } = flags
  // A full pid is a valid cursor even if its process was deleted.
  const newest = cursor === undefined || isPid(cursor) ? cursor : await findPid(client, cursor)
  const infos: ProcessInfo[] = []
  let next: string | undefined
  const query = { ...toQuery(flags, io.now()), ...(flags.open && OPEN) }
  for await (const info of client.list({ ...query, onCorrupt })) {
    if (newest !== undefined && info.pid >= newest) continue
    if (infos.length === limit) {
      next = infos.at(-1)!.pid
      break
    }
    infos.push(info)
  }
  return { infos: sort === undefined ? infos : infos.toSorted(SORTS[sort]), next }
}

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
