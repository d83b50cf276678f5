import type { Command } from 'commander'
import { FINAL_STATUSES } from '../../record/record.ts'
import { addBulk, doAll, isBulk, type BulkFlags } from '../bulk.ts'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  addBulk(command.argument('[pid...]', 'pids, or beginnings or ends of pids'), FINAL_STATUSES)
    .option('--json', 'print {"deleted"} as JSON; of all that fit, one object a line')
    .addHelpText(
      'after',
      `
A process is removed with its journal, its log, its stream and its child processes. Cancel a process first if it has not ended.

Examples:
  $ stepwright delete aou70
  $ stepwright delete --status cancelled --before 7d --dry-run
  $ stepwright delete --name import-dump --status error --yes`,
    )
    .action(act(deleteProcesses))
}

async function deleteProcesses(tools: Tools, parts: readonly string[], flags: BulkFlags): Promise<number> {
  const { io, client } = tools
  if (isBulk(parts, flags, 'delete'))
    return doAll(tools, flags, 'delete', (query, options) => client.deleteAll(query, options))
  if (flags.dryRun) throw new UsageError('--dry-run is for options that choose processes')
  const deleted: string[] = []
  for (const pid of new Set(await Promise.all(parts.map(part => findPid(client, part))))) {
    await client.delete(pid)
    deleted.push(pid)
    if (!flags.json) io.stdout.write(`${pid} deleted\n`)
  }
  if (flags.json) io.stdout.write(`${printableJson({ deleted })}\n`)
  return 0
}
