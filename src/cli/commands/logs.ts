import type { Command } from 'commander'
import type { LogInfo } from '../../client/client.ts'
import { findPid } from '../find-pid.ts'
import { toCount } from '../option-values.ts'
import { printable, printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly follow?: true
  readonly tail?: number
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .option('-f, --follow', 'continue until the process has ended')
    .option('--tail <count>', 'begin with this many entries from the end', toCount)
    .option('--json', 'print each entry as a line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright logs aou70 -f --tail 20
  $ stepwright logs aou70 --json | jq -r 'select(.step == "read") | .message'`,
    )
    .action(act(logs))
}

async function logs({ io, client }: Tools, part: string, { follow, tail = Infinity, json }: Flags): Promise<number> {
  const pid = await findPid(client, part)
  let left = Math.max(0, (tail === Infinity ? 0 : await countOf(client.logs(pid))) - tail)
  for await (const entry of client.logs(pid, { follow: follow === true }))
    if (left-- <= 0) io.stdout.write(`${json ? printableJson(entry) : line(entry)}\n`)
  return 0
}

async function countOf(entries: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of entries) count += 1
  return count
}

function line({ at, step, attempt, message, fields }: LogInfo): string {
  const where = attempt > 1 ? `${step} (attempt ${attempt})` : step
  return `${at} ${printable(where)} ${printable(message)}${fields === undefined ? '' : ` ${printableJson(fields)}`}`
}
