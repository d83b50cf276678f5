import type { Command } from 'commander'
import { definitionsOf } from '../definitions-of.ts'
import { jsonArgument } from '../json-argument.ts'
import type { Duration } from '../../index.ts'
import { addLabel, toDelay, toPriority } from '../option-values.ts'
import { printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly input?: string
  readonly key?: string
  readonly delay?: Duration | Date
  readonly priority?: number
  readonly label?: Readonly<Record<string, string>>
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  command
    .argument('<name>', 'the name of a definition that a worker knows')
    .option('--input <json>', 'the input of the process; @file reads a file, @- reads stdin')
    .option('--key <key>', 'an idempotency key: a second submit with it prints the pid of the first process')
    .option('--label <name=value>', 'a label by which to find it; may be repeated', addLabel)
    .option('--delay <time>', 'begin after this duration, or at this time: 10m, 7d or 2026-01-31T12:00Z', toDelay)
    .option('--priority <n>', 'from -100 to 100: of those that wait, the highest begins first', toPriority)
    .option('--json', 'print {"pid"} as JSON')
    .addHelpText(
      'after',
      `
A worker is a runtime with \`worker: true\`, or \`stepwright work\`. It checks the input.

Examples:
  $ stepwright submit import-dump --input '{"file":"dump.xml"}' --label user=42
  $ stepwright watch $(stepwright submit import-dump --input @input.json --key dump.xml)`,
    )
    .action(act(submit))
}

async function submit(
  { io, client }: Tools,
  name: string,
  { input, key, label, json, ...queue }: Flags,
): Promise<number> {
  const pid = await client.submit(name, jsonArgument(input, '--input'), { key, labels: label, ...queue })
  io.stdout.write(`${json ? printableJson({ pid }) : pid}\n`)
  if (!(await definitionsOf(client)).includes(name))
    io.stderr.write(
      `stepwright: no host of this store has known a definition '${name}' so far: the process waits for one that does\n`,
    )
  return 0
}
