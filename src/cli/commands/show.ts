import type { Command } from 'commander'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { printableJson } from '../printable.ts'
import { processDetails } from '../render/process-details.ts'
import { viewOf } from '../screen.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright show aou70
  $ stepwright show aou70 --json | jq '.steps[] | select(.status == "running")'`,
    )
    .action(act(show))
}

async function show({ io, client }: Tools, prefix: string, { json }: { json?: true }): Promise<number> {
  const pid = await findPid(client, prefix)
  const info = await client.get(pid)
  if (info === undefined) throw new UsageError(`Process ${pid} has just been deleted`)
  io.stdout.write(
    `${json ? printableJson(info, 2) : processDetails(info, viewOf(io), await client.memories(pid)).join('\n')}\n`,
  )
  return 0
}
