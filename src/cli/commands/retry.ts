import type { Command } from 'commander'
import { addBulk, doAll, isBulk, type BulkFlags } from '../bulk.ts'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  addBulk(command.argument('[pid...]', 'pids, or beginnings or ends of pids'), ['error', 'timeout', 'cancelled'])
    .option('--json', 'print {"pid","retriedBy"} as JSON; of all that fit, more')
    .addHelpText(
      'after',
      `
A new process begins with the step that failed. A process is retried once: again, the same new pid is printed.
Without --status, processes in error and timeout are retried, except those that were.

Examples:
  $ stepwright retry aou70
  $ stepwright watch $(stepwright retry aou70)
  $ stepwright retry --error ECONNRESET --since 1h --dry-run
  $ stepwright retry --name import-dump --yes`,
    )
    .action(act(retry))
}

async function retry(tools: Tools, parts: readonly string[], flags: BulkFlags): Promise<number> {
  const { io, client } = tools
  if (isBulk(parts, flags, 'retry'))
    return doAll(tools, flags, 'retry', (query, options) => client.retryAll(query, options))
  if (flags.dryRun) throw new UsageError('--dry-run is for options that choose processes')
  for (const pid of new Set(await Promise.all(parts.map(part => findPid(client, part))))) {
    const retriedBy = await client.retry(pid)
    io.stdout.write(`${flags.json ? printableJson({ pid, retriedBy }) : retriedBy}\n`)
  }
  return 0
}
