import { setTimeout } from 'node:timers/promises'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { ListOptions, ProcessInfo, ProcessStatus } from '../../index.ts'
import { UsageError } from '../failure.ts'
import { LiveView } from '../live-view.ts'
import { addLabel, toCount } from '../options.ts'
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
  readonly limit: number
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
    .option('--status <status>', `only processes that are so; may be given several times (${STATUSES.join(', ')})`, addStatus)
    .option('--name <name>', 'only processes of this definition')
    .option('--label <name=value>', 'only processes with this label; given several times, with all of them', addLabel)
    .option('--limit <count>', 'at most so many', toCount, 50)
    .addOption(new Option('--sort <by>', 'of those shown').choices(Object.keys(SORTS)))
    .option('--watch', 'draw the list anew as it changes, until Ctrl-C')
    .option('--json', 'print a JSON array with everything about each')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright list --status running --status interrupted
  $ stepwright list --name import-dump --limit 5
  $ stepwright list --watch --sort updated
  $ stepwright list --label user=42 --json | jq -r '.[].pid'`,
    )
    .action(act(list))
}

async function list({ io, client }: Tools, flags: Flags): Promise<number> {
  if (flags.watch) return watchList({ io, client }, flags)
  const { status, name, label, limit, json } = flags
  const { infos, isMore } = await read(client, flags, ({ error }) => tell(error.message))
  if (json) io.stdout.write(`${printableJson(infos, 2)}\n`)
  else if (infos.length > 0) io.stdout.write(`${processList(infos, viewOf(io)).join('\n')}\n`)
  else if (status === undefined && name === undefined && label === undefined)
    tell('no processes yet. Start one with `runtime.start(definition, input)` in your program; another store is chosen with --store PATH')
  else tell('no process fits. Leave out --status, --name or --label to see more')
  if (isMore && !json) tell(`there are more: --limit ${limit * 2} shows some of them`)
  return 0

  function tell(message: string): void {
    io.stderr.write(`stepwright: ${printableLines(message).join('\n')}\n`)
  }
}

async function read(client: Tools['client'], { status, name, label, limit, sort }: Flags, onCorrupt?: ListOptions['onCorrupt']) {
  const infos: ProcessInfo[] = []
  let isMore = false
  // One more than asked for tells whether there are more.
  for await (const info of client.list({ status, name, labels: label, limit: limit + 1, onCorrupt }))
    if (infos.length < limit) infos.push(info)
    else isMore = true
  return { infos: sort === undefined ? infos : infos.toSorted(SORTS[sort]), isMore }
}

/** The list drawn in place and anew until Ctrl-C. */
async function watchList({ io, client }: Pick<Tools, 'io' | 'client'>, flags: Flags): Promise<number> {
  if (!isLive(io)) throw new UsageError('--watch needs a terminal: elsewhere use `watch`, or `list` again and again')
  const signal = io.interrupted()
  let infos: readonly ProcessInfo[] = []
  const view = () => ({ ...viewOf(io), width: viewOf(io).width - 1 })
  const render = (): string[] =>
    infos.length === 0 ? ['no process fits'] : processList(infos, view()).slice(0, (io.stdout.rows || 24) - 1)
  const live = new LiveView(io.stdout, render)
  ;({ infos } = await read(client, flags))
  live.start()
  try {
    for (;;) {
      await setTimeout(REFRESH_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
      ;({ infos } = await read(client, flags))
    }
  } finally {
    live.stop(render())
  }
}
