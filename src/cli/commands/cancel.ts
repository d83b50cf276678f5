import type { Command } from 'commander'
import { findPid } from '../find-pid.ts'
import { printOutcome } from '../print-outcome.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly reason?: string
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .option('--reason <text>', 'the reason, for the error of the process')
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright cancel aou70
  $ stepwright cancel aou70 --reason 'no longer wanted'`,
    )
    .action(act(cancel))
}

async function cancel(tools: Tools, part: string, { reason, json }: Flags): Promise<number> {
  const pid = await findPid(tools.client, part)
  return printOutcome(tools, pid, await tools.client.cancel(pid, reason), json)
}
