import type { Command } from 'commander'
import { findPid } from '../find-pid.ts'
import { tellSteered } from '../steered.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning of one')
    .argument('[reason]', 'what its error says')
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright cancel aou70
  $ stepwright cancel aou70 'no longer wanted'`,
    )
    .action(act(cancel))
}

async function cancel(tools: Tools, prefix: string, reason: string | undefined, { json }: { json?: true }): Promise<number> {
  const pid = await findPid(tools.client, prefix)
  return tellSteered(tools, pid, await tools.client.cancel(pid, reason), json)
}
