import type { Command } from 'commander'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<hostId>', 'a host, as `stepwright show` and `stepwright hosts` name it')
    .option('--force', 'even if the host answers; it then loses its processes')
    .addHelpText(
      'after',
      `
Hosts on this machine never need it: their death is seen at once. It is for a store on a network file system, whose hosts on other
machines nobody can see from here.

Example:
  $ stepwright adopt h4k2v0c9x1qz`,
    )
    .action(act(adopt))
}

async function adopt({ io, client }: Tools, hostId: string, { force }: { force?: true }): Promise<number> {
  const count = await client.adopt(hostId, { force })
  io.stdout.write(`${count} ${count === 1 ? 'process waits' : 'processes wait'} for the next host\n`)
  return 0
}
