import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { atExit } from './at-exit.ts'
import type { Order, Reply } from './contestant-process.ts'
import type { Setting } from './contestant.ts'
import type { Entry } from './entries.ts'
import type { Latency, Measured } from './measure.ts'
import { memoryOf, usageOf } from './usage.ts'

/** The Node processes of one contestant, and the server they use. */
export interface Team {
  readonly entry: Entry
  /** CPU, bytes and memory are those of all processes. */
  run(count: number, atOnce: number): Promise<Measured>
  latency(): Promise<Latency>
  close(): Promise<void>
}

export async function openTeam(entry: Entry, setting: Setting, serverPid: number | undefined): Promise<Team> {
  const children: ChildProcess[] = []
  // One after the other: the first one makes the store.
  for (let host = 0; host < entry.hosts; host++) children.push(await start(entry, setting))
  return {
    entry,
    async run(count, atOnce) {
      const before = serverPid === undefined ? undefined : usageOf(serverPid)
      const begun = performance.now()
      const share = { count: Math.ceil(count / entry.hosts), atOnce: Math.ceil(atOnce / entry.hosts) }
      const all = await Promise.all(children.map(child => ask<Measured>(entry, child, share)))
      const ms = entry.hosts === 1 ? all[0]!.ms : performance.now() - begun
      if (before !== undefined && serverPid !== undefined) {
        const after = usageOf(serverPid)
        all.push({
          ms,
          cpuMicroseconds: after.cpuMicroseconds - before.cpuMicroseconds,
          bytesWritten: after.bytesWritten - before.bytesWritten,
          peakBytes: memoryOf(serverPid),
          loopDelayMs: 0,
        })
      }
      const sum = (of: (one: Measured) => number): number => all.reduce((total, one) => total + of(one), 0)
      return {
        ms,
        cpuMicroseconds: sum(one => one.cpuMicroseconds),
        bytesWritten: sum(one => one.bytesWritten),
        peakBytes: sum(one => one.peakBytes),
        loopDelayMs: Math.max(...all.map(one => one.loopDelayMs)),
      }
    },
    latency: () => ask<Latency>(entry, children[0]!, 'latency'),
    async close() {
      for (const child of children) await ask(entry, child, 'close')
    },
  }
}

async function start(entry: Entry, setting: Setting): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'contestant-process.ts'), [JSON.stringify({ entry, setting })], {
    execArgv: ['--conditions=@stepwright/source', '--disable-warning=ExperimentalWarning'],
    // What programs say is for stderr: the table is alone on stdout.
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  atExit(() => child.kill('SIGKILL'))
  await answer(entry, child)
  return child
}

async function ask<T extends Reply>(entry: Entry, child: ChildProcess, order: Order): Promise<T> {
  child.send(order)
  return answer<T>(entry, child)
}

async function answer<T extends Reply>({ name }: Entry, child: ChildProcess): Promise<T> {
  const done = new AbortController()
  const { signal } = done
  try {
    const [message] = (await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code, how]) => {
        throw new Error(`${name} ended with ${how ?? code} while it was measured: what it said is above`)
      }),
    ])) as [T]
    return message
  } finally {
    done.abort()
  }
}
