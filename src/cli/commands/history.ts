import type { Command } from 'commander'
import { findPid } from '../find-pid.ts'
import { printable, printableJson } from '../printable.ts'
import { changeLine } from '../render/change.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly progress?: true
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning of one')
    .option('--progress', 'reports of progress as well')
    .option('--json', 'print a line of JSON per record, with everything it says')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright history aou70
  $ stepwright history aou70 --json | jq -r 'select(.event.command) | .event.type'`,
    )
    .action(act(history))
}

async function history({ io, client }: Tools, prefix: string, { progress, json }: Flags): Promise<number> {
  for (const entry of await client.history(await findPid(client, prefix))) {
    if (entry.event.type === 'PROGRESS' && !progress) continue
    io.stdout.write(
      `${json ? printableJson(entry) : `${entry.revision} ${printable(entry.event.type)} ${changeLine(entry).replace(' (host: none)', '')}`}\n`,
    )
  }
  return 0
}
