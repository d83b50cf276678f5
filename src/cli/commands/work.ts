import type { Command } from 'commander'
import { createRuntime } from '../../index.ts'
import { loadModules } from '../modules.ts'
import { toCount } from '../option-values.ts'
import { printable } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly wait?: boolean
  readonly maxProcesses?: number
  readonly concurrency?: number
}

export function define(command: Command, act: Act): void {
  command
    .argument('<module...>', 'files (.js or .ts) that export definitions')
    .option('--wait', 'wait for more; otherwise the command ends when none is left')
    .option('--max-processes <count>', 'take this many submitted processes, and exit when they have ended', toCount)
    .option('--concurrency <count>', 'how many run at a time (default: 100)', toCount)
    .addHelpText(
      'after',
      `
Any number of workers may share a store. Each process goes to exactly one of them, in the order of submission. Ctrl-C
aborts the steps under way and releases their processes; the next worker continues them.
A module may export \`services\`: an object, or a function that returns it.

Examples:
  $ stepwright work processes.ts --wait
  $ stepwright work processes.js --max-processes 10 --concurrency 2`,
    )
    .action(act(work))
}

async function work(
  { io, path }: Tools,
  modules: readonly string[],
  { wait = false, maxProcesses, concurrency }: Flags,
): Promise<number> {
  const loaded = await loadModules(modules)
  const interrupted = io.interrupted()
  let ended = 0
  await using runtime = await createRuntime({ ...loaded, store: path, concurrency, worker: { wait, maxProcesses } })
  runtime.on('process', ({ pid, name, status, endedAt, error }) => {
    if (endedAt === undefined) return
    ended += 1
    io.stdout.write(
      `${pid} ${printable(name)} ${status}${error === undefined ? '' : ` ${printable(`${error.name}: ${error.message}`)}`}\n`,
    )
  })
  await Promise.race([
    runtime.idle(),
    new Promise(resolve => interrupted.addEventListener('abort', resolve, { once: true })),
  ])
  io.stderr.write(`stepwright: ${ended} ${ended === 1 ? 'process' : 'processes'} ended\n`)
  interrupted.throwIfAborted()
  return 0
}
