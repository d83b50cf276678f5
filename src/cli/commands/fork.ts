import type { Command } from 'commander'
import { findPid } from '../find-pid.ts'
import { printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly from?: string
  readonly fresh?: true
  readonly failed?: true
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .option('--from <step>', 'the step to begin with (default: the step in which the process failed or was stopped)')
    .option('--fresh', 'let the step forget what it remembers, and do all of it again')
    .option('--failed', 'of an each or parallel step run only what failed, or had not ended')
    .option('--json', 'print {"pid"} as JSON')
    .addHelpText(
      'after',
      `
The new process begins with the data that the step received. Any host that knows the definition may take it.

Examples:
  $ stepwright fork aou70
  $ stepwright watch $(stepwright fork aou70 --from parse)`,
    )
    .action(act(fork))
}

async function fork({ io, client }: Tools, prefix: string, { from, fresh, failed, json }: Flags): Promise<number> {
  const pid = await client.fork(await findPid(client, prefix), { from, fresh, failed })
  io.stdout.write(`${json ? printableJson({ pid }) : pid}\n`)
  return 0
}
