import type { Command } from 'commander'
import { findPid } from '../find-pid.ts'
import { printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<pid...>', 'pids, or beginnings or ends of pids')
    .option('--json', 'print {"deleted"} as JSON')
    .addHelpText(
      'after',
      `
A process is removed with its journal, its log and its child processes. Cancel a process first if it has not ended.

Examples:
  $ stepwright delete aou70
  $ stepwright list --status error --before 7d -q | xargs stepwright delete`,
    )
    .action(act(deleteProcesses))
}

async function deleteProcesses({ io, client }: Tools, parts: readonly string[], { json }: { json?: true }): Promise<number> {
  const deleted: string[] = []
  for (const pid of new Set(await Promise.all(parts.map(part => findPid(client, part))))) {
    await client.delete(pid)
    deleted.push(pid)
    if (!json) io.stdout.write(`${pid} deleted\n`)
  }
  if (json) io.stdout.write(`${printableJson({ deleted })}\n`)
  return 0
}
