import type { Command } from 'commander'
import { createRuntime } from '../../index.ts'
import { UsageError } from '../failure.ts'
import { jsonArgument } from '../json-argument.ts'
import { loadModules } from '../modules.ts'
import { addLabel } from '../option-values.ts'
import { printable } from '../printable.ts'
import { watchProcesses } from '../watch-processes.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly input?: string
  readonly key?: string
  readonly label?: Readonly<Record<string, string>>
}

export function define(command: Command, act: Act): void {
  command
    .argument('<module>', 'a file (.js or .ts) that exports definitions')
    .argument('[name]', 'the name of the definition, if the module exports several')
    .option('--input <json>', 'the input of the process; @file reads a file, @- reads stdin')
    .option('--key <key>', 'an idempotency key: the same key always means the same process')
    .option('--label <name=value>', 'a label by which to find it; may be repeated', addLabel)
    .addHelpText(
      'after',
      `
A module may export \`services\`: an object, or a function that returns it. Ctrl-C releases the process
for the next host that knows its definition.
Exit status: 0 finished, 1 ended in error, timeout or cancelled, 2 wrong use or it could not be started.

Examples:
  $ stepwright run processes.ts import-dump --input '{"file":"dump.xml"}'
  $ stepwright run tea.js --input @tea.json`,
    )
    .action(act(run))
}

async function run(
  { io, client, path }: Tools,
  module: string,
  name: string | undefined,
  { input, key, label }: Flags,
): Promise<number> {
  const value = jsonArgument(input, '--input')
  const { processes, services } = await loadModules([module])
  const fitting = name === undefined ? processes : processes.filter(definition => definition.name === name)
  const definition = fitting.at(-1)
  const names = [...new Set(processes.map(one => one.name))].join(', ')
  if (definition === undefined || new Set(fitting.map(one => one.name)).size > 1)
    throw new UsageError(
      `${printable(module)} ${name === undefined ? 'has several definitions: name one' : `has no definition '${printable(name)}'`} of ${names}`,
    )
  // Taking the signal means to end in order when it aborts.
  const interrupted = io.interrupted()
  // Leaves other processes of the store alone.
  await using runtime = await createRuntime({ processes, services, store: path, recover: false, schedules: false })
  const { pid } = await runtime.start(definition, value, { key, labels: label })
  // Awaited here: the runtime closes at the end of this block.
  return await watchProcesses(client, io, [pid], { signal: interrupted })
}
