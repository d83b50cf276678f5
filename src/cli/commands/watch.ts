import type { Command } from 'commander'
import type { ProcessInfo } from '../../index.ts'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { follow } from '../follow.ts'
import type { Io } from '../io.ts'
import { LiveView } from '../live-view.ts'
import { changeLine } from '../render/change.ts'
import { endedProcess, liveProcess } from '../render/live-process.ts'
import { isLive, viewOf } from '../screen.ts'
import type { Act, Tools } from '../with-client.ts'

const DID_NOT_FINISH = 1

export function addWatch(program: Command, act: Act): void {
  program
    .command('watch')
    .description('follow one process until it ends')
    .argument('<pid>', 'a pid, or the beginning of one')
    .addHelpText(
      'after',
      `
On a terminal the steps are drawn in place, elsewhere each change is a line.
Exit status: 0 finished, 1 ended in error, timeout or cancelled, 2 wrong use or it could not be watched.

Examples:
  $ stepwright watch aou70
  $ stepwright watch aou70 > import.log && mail -s done me < import.log`,
    )
    .action(act(watch))
}

async function watch({ io, client }: Tools, prefix: string): Promise<number> {
  const pid = await findPid(client, prefix)
  const changes = follow(client, pid, io.interrupted())
  const last = await (isLive(io) ? watchLive(changes, io) : watchPlain(changes, io))
  if (last?.endedAt === undefined) throw new UsageError(`Process ${pid} can no longer be watched: it was deleted`)
  return last.status === 'finished' ? 0 : DID_NOT_FINISH
}

async function watchPlain(changes: AsyncIterable<ProcessInfo>, { stdout }: Io): Promise<ProcessInfo | undefined> {
  let last: ProcessInfo | undefined
  for await (last of changes) stdout.write(`${changeLine(last)}\n`)
  return last
}

async function watchLive(changes: AsyncIterable<ProcessInfo>, io: Io): Promise<ProcessInfo | undefined> {
  let last: ProcessInfo | undefined
  // Neither the last column, where terminals differ, nor the last row, where the cursor stands.
  const view = () => ({ ...viewOf(io), width: viewOf(io).width - 1 })
  const render = () => (last === undefined ? [] : liveProcess(last, view(), (io.stdout.rows || 24) - 1))
  const live = new LiveView(io.stdout, render)
  live.start()
  try {
    for await (last of changes);
    return last
  } finally {
    live.stop(last?.endedAt === undefined ? render() : endedProcess(last, view()))
  }
}
