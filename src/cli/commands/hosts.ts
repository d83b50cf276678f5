import type { Command } from 'commander'
import { printable, printableJson } from '../printable.ts'
import { table } from '../render/table.ts'
import { roughly } from '../render/time.ts'
import { viewOf } from '../screen.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .option('--json', 'print a JSON array with everything about each of them')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright hosts
  $ stepwright hosts --json | jq -r '.[] | select(.state != "alive") | .id'`,
    )
    .action(act(hosts))
}

async function hosts({ io, client }: Tools, { json }: { json?: true }): Promise<number> {
  const found = await client.hosts()
  const view = viewOf(io)
  if (json) io.stdout.write(`${printableJson(found, 2)}\n`)
  else if (found.length === 0) io.stderr.write('stepwright: no host has this store open\n')
  else
    io.stdout.write(
      `${table(
        [
          { title: 'HOST', cell: ({ id }) => printable(id) },
          {
            title: 'STATE',
            cell: ({ state }) => printable(state),
            style: ({ state }) => (state === 'alive' ? 'green' : 'red'),
          },
          { title: 'PROCESS', cell: ({ osPid }) => String(osPid) },
          { title: 'ON', cell: ({ hostname }) => printable(hostname), least: 8 },
          {
            title: 'SINCE',
            cell: ({ startedAt }) =>
              startedAt === undefined ? '' : `${roughly(view.now - Date.parse(startedAt))} ago`,
            dispensable: true,
          },
        ],
        found,
        view,
      ).join('\n')}\n`,
    )
  return 0
}
