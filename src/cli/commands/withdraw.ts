import type { Command } from 'commander'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { printableJson } from '../printable.ts'
import { pendingLine } from '../render/pending-line.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .argument('[command]', 'the id of one command; without it, all that waits is taken back')
    .option('--json', 'print a JSON array of what was taken back')
    .addHelpText(
      'after',
      `
\`stepwright show <pid>\` lists what waits. A command that a host is doing at this moment may be done all the same.

Examples:
  $ stepwright withdraw aou70
  $ stepwright withdraw aou70 aou712w2rq2mmdiy7x4d`,
    )
    .action(act(withdraw))
}

async function withdraw(
  { io, client }: Tools,
  part: string,
  id: string | undefined,
  { json }: { json?: true },
): Promise<number> {
  const pid = await findPid(client, part)
  const withdrawn = await client.withdraw(pid, id)
  if (json) io.stdout.write(`${printableJson(withdrawn, 2)}\n`)
  else for (const one of withdrawn) io.stdout.write(`withdrawn: ${pendingLine(one, io.now())}\n`)
  if (withdrawn.length === 0)
    throw new UsageError(
      `Nothing waits for process ${pid}${id === undefined ? '' : ` with the id ${JSON.stringify(id)}`}`,
    )
  return 0
}
