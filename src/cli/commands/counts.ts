import type { Command } from 'commander'
import { printableJson } from '../printable.ts'
import { lookOf, STATUSES } from '../render/status.ts'
import { table } from '../render/table.ts'
import { viewOf } from '../screen.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .option('--json', 'print an object with all statuses as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright counts
  $ stepwright counts --json | jq .error`,
    )
    .action(act(counts))
}

async function counts({ io, client }: Tools, { json }: { json?: true }): Promise<number> {
  const found = await client.counts()
  if (json) {
    io.stdout.write(`${printableJson(found)}\n`)
    return 0
  }
  const shown = STATUSES.filter(status => found[status] > 0)
  if (shown.length === 0) io.stderr.write('stepwright: no processes yet\n')
  else
    io.stdout.write(
      `${table(
        [
          { title: 'STATUS', cell: status => status, style: status => lookOf(status).style },
          { title: 'COUNT', cell: status => String(found[status]) },
        ],
        shown,
        viewOf(io),
      ).join('\n')}\n`,
    )
  return 0
}
