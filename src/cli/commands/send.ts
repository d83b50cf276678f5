import type { Command } from 'commander'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { jsonArgument } from '../json-argument.ts'
import { printOutcome } from '../print-outcome.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .argument('<event>', 'the event as JSON; @file reads a file, @- reads stdin')
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright send aou70 '{"type":"APPROVE","by":"ada"}'
  $ stepwright send aou70 @event.json`,
    )
    .action(act(send))
}

async function send(tools: Tools, prefix: string, event: string, { json }: { json?: true }): Promise<number> {
  const value = jsonArgument(event, 'The event') as { type: string }
  if (typeof (value as { type?: unknown } | null)?.type !== 'string')
    throw new UsageError(`The event has no type: it looks like '{"type":"APPROVE"}'`)
  const pid = await findPid(tools.client, prefix)
  return printOutcome(tools, pid, await tools.client.send(pid, value), json)
}
