import type { Command } from 'commander'
import { stateText } from '../../format/state-text.ts'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { jsonArgument } from '../json-argument.ts'
import { printOutcome } from '../print-outcome.ts'
import { printable, printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

interface Options {
  readonly json?: true
  readonly wait?: true
}

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .argument('<event>', 'the event as JSON; @file reads a file, @- reads stdin')
    .option('--wait', 'wait until the machine has taken the event, and print its state')
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright send aou70 '{"type":"APPROVE","by":"ada"}'
  $ stepwright send aou70 @event.json
  $ stepwright send aou70 '{"type":"APPROVE"}' --wait`,
    )
    .action(act(send))
}

async function send(tools: Tools, prefix: string, event: string, { json, wait }: Options): Promise<number> {
  const value = jsonArgument(event, 'The event') as { type: string }
  if (typeof (value as { type?: unknown } | null)?.type !== 'string')
    throw new UsageError(`The event has no type: it looks like '{"type":"APPROVE"}'`)
  const pid = await findPid(tools.client, prefix)
  if (wait === undefined) return printOutcome(tools, pid, await tools.client.send(pid, value), json)
  const { io, client } = tools
  const state = await client.send(pid, value, { wait, signal: io.interrupted() })
  const line = json
    ? printableJson({ pid, outcome: 'taken', state })
    : `${pid} taken, now in ${printable(stateText(state))}`
  io.stdout.write(`${line}\n`)
  return 0
}
