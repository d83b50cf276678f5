import type { Command } from 'commander'
import { findPid } from '../find-pid.ts'
import { jsonArgument } from '../json-argument.ts'
import { tellSteered } from '../steered.ts'
import type { Act, Tools } from '../with-client.ts'

export function addSend(program: Command, act: Act): void {
  program
    .command('send')
    .description('hand an event to the step of a process that is under way')
    .argument('<pid>', 'a pid, or the beginning of one')
    .argument('<event>', 'JSON; @file reads a file, @- stdin')
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
  const value = jsonArgument(event, 'The event')
  const pid = await findPid(tools.client, prefix)
  return tellSteered(tools, pid, await tools.client.send(pid, value), json)
}
