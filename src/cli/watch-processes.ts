import type { Client } from '../client/client.ts'
import type { ProcessInfo } from '../index.ts'
import { UsageError } from './failure.ts'
import { follow } from './follow-process.ts'
import type { Io } from './io.ts'
import { ScreenArea } from './screen-area.ts'
import { printableJson } from './printable.ts'
import { changeLine } from './render/change.ts'
import { endedProcess, liveProcess } from './render/process-progress.ts'
import { isLive, viewOf } from './screen.ts'

const DID_NOT_FINISH = 1

/** Shows processes until all have ended. Resolves with the exit status: 0 if all finished. */
export async function watchProcesses(
  client: Client,
  io: Io,
  pids: readonly string[],
  { json, signal = io.interrupted() }: { readonly json?: true | undefined; readonly signal?: AbortSignal } = {},
): Promise<number> {
  const last = new Map<string, ProcessInfo>()
  const done = new AbortController()
  const ends = AbortSignal.any([signal, done.signal])
  const view = json ? jsonView(io) : isLive(io) ? liveView(io, pids, last) : plainView(io, pids.length > 1)
  try {
    await Promise.all(
      pids.map(async pid => {
        for await (const info of follow(client, pid, ends)) {
          last.set(pid, info)
          view.change(info)
        }
      }),
    )
  } finally {
    done.abort()
    view.stop()
  }
  const lost = pids.find(pid => last.get(pid)?.endedAt === undefined)
  if (lost !== undefined) throw new UsageError(`Process ${lost} can no longer be watched: it was deleted`)
  return pids.every(pid => last.get(pid)?.status === 'finished') ? 0 : DID_NOT_FINISH
}

interface View {
  change(info: ProcessInfo): void
  stop(): void
}

const jsonView = ({ stdout }: Io): View => ({
  change: info => stdout.write(`${printableJson(info)}\n`),
  stop() {},
})

const plainView = ({ stdout }: Io, several: boolean): View => ({
  change: info => stdout.write(`${several ? `${info.pid} ` : ''}${changeLine(info)}\n`),
  stop() {},
})

function liveView(io: Io, pids: readonly string[], last: ReadonlyMap<string, ProcessInfo>): View {
  // Neither the last column, where terminals differ, nor the last row, where the cursor stands.
  const view = () => ({ ...viewOf(io), width: viewOf(io).width - 1 })
  const known = (): ProcessInfo[] => pids.flatMap(pid => last.get(pid) ?? [])
  const render = (): string[] => {
    const room = (io.stdout.rows || 24) - 1
    // Each gets its share; of those for which there is no room the first ones are shown.
    const share = Math.max(1, Math.floor(room / Math.max(1, known().length)))
    return known()
      .flatMap(info => liveProcess(info, view(), share))
      .slice(0, room)
  }
  const live = new ScreenArea(io.stdout, render)
  live.start()
  return {
    change() {},
    stop: () =>
      live.stop(
        known().flatMap(info =>
          info.endedAt === undefined ? liveProcess(info, view(), Infinity) : endedProcess(info, view()),
        ),
      ),
  }
}
