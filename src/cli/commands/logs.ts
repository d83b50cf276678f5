import type { Command } from 'commander'
import type { LogInfo } from '../../client/client.ts'
import { findPid } from '../find-pid.ts'
import { printable, printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly follow?: true
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning of one')
    .option('-f, --follow', 'go on until the process has ended')
    .option('--json', 'print a line of JSON per entry')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright logs aou70 -f
  $ stepwright logs aou70 --json | jq -r 'select(.step == "read") | .message'`,
    )
    .action(act(logs))
}

async function logs({ io, client }: Tools, prefix: string, { follow, json }: Flags): Promise<number> {
  const pid = await findPid(client, prefix)
  for await (const entry of client.logs(pid, { follow: follow === true })) io.stdout.write(`${json ? printableJson(entry) : line(entry)}\n`)
  return 0
}

function line({ at, step, attempt, message, fields }: LogInfo): string {
  const where = attempt > 1 ? `${step} (attempt ${attempt})` : step
  return `${at} ${printable(where)} ${printable(message)}${fields === undefined ? '' : ` ${printableJson(fields)}`}`
}
