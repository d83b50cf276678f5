import type { Command } from 'commander'
import { UsageError } from '../failure.ts'
import { printable, printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<name>', 'the name of a definition that is paused')
    .option('--json', 'print {"name"} as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright resume import-dump`,
    )
    .action(act(resume))
}

async function resume({ io, client }: Tools, name: string, { json }: { json?: true }): Promise<number> {
  const paused = await client.paused()
  if (!paused.some(one => one.name === name)) throw new UsageError(notPaused(name, paused))
  await client.resume(name)
  io.stdout.write(`${json ? printableJson({ name }) : `${printable(name)} resumed`}\n`)
  return 0
}

const notPaused = (name: string, paused: readonly { readonly name: string }[]): string =>
  `'${name}' is not paused. ${paused.length === 0 ? 'Nothing is' : `Paused: ${paused.map(one => one.name).join(', ')}`}`
