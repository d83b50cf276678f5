import type { Command } from 'commander'
import { printable, printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('[name]', 'the name of a definition; without one, what is paused is listed')
    .option('--json', 'print {"name","since"} as JSON; without a name, an array')
    .addHelpText(
      'after',
      `
Processes stay pending, and ticks of a schedule are missed. What has begun goes on.

Examples:
  $ stepwright pause import-dump
  $ stepwright pause`,
    )
    .action(act(pause))
}

async function pause({ io, client }: Tools, name: string | undefined, { json }: { json?: true }): Promise<number> {
  if (name !== undefined) await client.pause(name)
  const paused = (await client.paused()).filter(one => name === undefined || one.name === name)
  if (json) io.stdout.write(`${printableJson(name === undefined ? paused : paused[0], 2)}\n`)
  else {
    for (const one of paused) io.stdout.write(`${printable(one.name)} paused since ${printable(one.since)}\n`)
    if (paused.length === 0) io.stderr.write('stepwright: nothing is paused\n')
  }
  return 0
}
