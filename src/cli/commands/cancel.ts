import type { Command } from 'commander'
import { LIVE_STATUSES } from '../../record/record.ts'
import { addBulk, doAll, isBulk, type BulkFlags } from '../bulk.ts'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { contradicted, printOutcome } from '../print-outcome.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags extends BulkFlags {
  readonly reason?: string
  readonly now?: true
}

export function define(command: Command, act: Act): void {
  addBulk(command.argument('[pid]', 'a pid, or the beginning or end of one'), LIVE_STATUSES)
    .option('--reason <text>', 'the reason, for the error of the process')
    .option('--now', 'end it here if no living host has it, without its definition; nothing is undone')
    .option('--json', 'print the outcome as JSON; of many processes, one object a line')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright cancel aou70
  $ stepwright cancel aou70 --reason 'no longer wanted'
  $ stepwright cancel --now --before 7d --yes
  $ stepwright cancel --name import-dump --status interrupted --before 7d --dry-run`,
    )
    .action(act(cancel))
}

async function cancel(tools: Tools, part: string | undefined, flags: Flags): Promise<number> {
  const { client } = tools
  const { reason, now, json } = flags
  if (isBulk(part === undefined ? [] : [part], flags, 'cancel'))
    return doAll(tools, flags, 'cancel', (query, options) => client.cancelAll(query, { ...options, reason, now }))
  if (flags.dryRun) throw new UsageError('--dry-run is for options that choose processes')
  const pid = await findPid(client, part!)
  const outcome = await client.cancel(pid, reason, { now })
  const warning = await contradicted(tools, pid, outcome)
  if (warning !== undefined) tools.io.stderr.write(warning)
  return printOutcome(tools, pid, outcome, json)
}
