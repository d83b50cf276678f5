import type { Command } from 'commander'
import { findPid } from '../find-pid.ts'
import { jsonArgument } from '../json-argument.ts'
import { printOutcome } from '../print-outcome.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly data?: string
  readonly name?: string
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .option(
      '--data <json>',
      "an object is merged into the paused step's output, anything else replaces it; or the answer, if the step waits within its work; @file reads a file, @- reads stdin",
    )
    .option(
      '--name <name>',
      'what the answer is for, if the process waits for several things, or will wait for it later',
    )
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright proceed aou70
  $ stepwright proceed aou70 --data '{"approvedBy":"ada"}'
  $ stepwright proceed aou70 --name approval --data '{"by":"ada"}'
  $ jq .review report.json | stepwright proceed aou70 --data @-`,
    )
    .action(act(proceed))
}

async function proceed(tools: Tools, prefix: string, { data, name, json }: Flags): Promise<number> {
  const value = jsonArgument(data, '--data')
  const pid = await findPid(tools.client, prefix)
  return printOutcome(tools, pid, await tools.client.proceed(pid, value, { name }), json)
}
