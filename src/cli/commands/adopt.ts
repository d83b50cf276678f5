import type { Command } from 'commander'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<hostId>', 'the id of a host, as `stepwright hosts` and `stepwright show` print it')
    .option('--force', 'take the processes even if the host answers, which then loses them')
    .addHelpText(
      'after',
      `
On this machine, a dead host is noticed at once. This command is for a store on a network file system, with hosts on
machines that cannot be seen from here.

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
