import type { Command } from 'commander'
import { findPid } from '../find-pid.ts'
import { watchProcesses } from '../watch-processes.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<pid...>', 'pids, or beginnings or ends of pids')
    .option('--json', 'print each change as a line of JSON, with everything about the process')
    .addHelpText(
      'after',
      `
On a terminal the steps are drawn in place. Elsewhere each change is a line, which begins with the pid if there are
several processes.
Exit status: 0 all finished, 1 one ended in error, timeout or cancelled, 2 wrong use, or they could not be watched.

Examples:
  $ stepwright watch aou70
  $ stepwright watch aou70 aou71
  $ stepwright watch aou70 --json | jq .status
  $ stepwright watch aou70 > import.log && mail -s done me < import.log`,
    )
    .action(act(watch))
}

async function watch({ io, client }: Tools, parts: readonly string[], { json }: { json?: true }): Promise<number> {
  const pids = await Promise.all(parts.map(part => findPid(client, part)))
  return watchProcesses(client, io, [...new Set(pids)], { json })
}
