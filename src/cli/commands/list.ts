import { InvalidArgumentError, type Command } from 'commander'
import type { ProcessInfo, ProcessStatus } from '../../index.ts'
import { printableJson, printableLines } from '../printable.ts'
import { processList } from '../render/process-list.ts'
import { STATUSES } from '../render/status.ts'
import { viewOf } from '../screen.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly status?: readonly ProcessStatus[]
  readonly name?: string
  readonly label?: Readonly<Record<string, string>>
  readonly limit: number
  readonly json?: true
}

function addStatus(value: string, before: readonly ProcessStatus[] = []): ProcessStatus[] {
  const status = STATUSES.find(one => one === value)
  if (status === undefined) throw new InvalidArgumentError(`It is one of ${STATUSES.join(', ')}.`)
  return [...before, status]
}

function addLabel(value: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = value.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It has the form name=value.')
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) }
}

function toLimit(value: string): number {
  if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError('It is a whole number from 1.')
  return Number(value)
}

export function addList(program: Command, act: Act): void {
  program
    .command('list')
    .description('list processes, newest first')
    .option('--status <status>', `only processes that are so; may be given several times (${STATUSES.join(', ')})`, addStatus)
    .option('--name <name>', 'only processes of this definition')
    .option('--label <name=value>', 'only processes with this label; given several times, with all of them', addLabel)
    .option('--limit <count>', 'at most so many', toLimit, 50)
    .option('--json', 'print a JSON array with everything about each')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright list --status running --status interrupted
  $ stepwright list --name import-dump --limit 5
  $ stepwright list --label user=42 --json | jq -r '.[].pid'`,
    )
    .action(act(list))
}

async function list({ io, client }: Tools, { status, name, label, limit, json }: Flags): Promise<number> {
  const infos: ProcessInfo[] = []
  let isMore = false
  // One more than asked for tells whether there are more.
  for await (const info of client.list({ status, name, labels: label, limit: limit + 1, onCorrupt: ({ error }) => tell(error.message) }))
    if (infos.length < limit) infos.push(info)
    else isMore = true
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
