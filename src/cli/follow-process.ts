import { setTimeout } from 'node:timers/promises'
import type { Client } from '../client/client.ts'
import type { ProcessInfo } from '../record/info.ts'

/** How often to ask for the state of the host: its death is in no record. */
const HOST_CHECK_MS = 1000

/**
 * Yields a process as it is, then each change of it and of the state of its host. Ends when the
 * process has ended.
 * @throws the signal's reason; ERR_UNKNOWN_PROCESS
 */
export async function* follow(client: Client, pid: string, signal: AbortSignal): AsyncGenerator<ProcessInfo, void> {
  const done = new AbortController()
  const changes = client.watch(pid, { signal: AbortSignal.any([signal, done.signal]) })[Symbol.asyncIterator]()
  let last: ProcessInfo | undefined
  let next: Promise<IteratorResult<ProcessInfo>> | undefined
  try {
    for (;;) {
      next ??= changes.next()
      const change = await within(HOST_CHECK_MS, next)
      if (change === undefined) {
        const info = await client.get(pid)
        if (info?.revision === last?.revision && info?.host?.state !== last?.host?.state) yield (last = info!)
        continue
      }
      if (change.done) return
      next = undefined
      yield (last = change.value)
    }
  } finally {
    // Nobody waits for it any more.
    next?.catch(() => {})
    done.abort()
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController()
  try {
    return await Promise.race([promise, setTimeout(ms, undefined, { signal: timer.signal }).catch(() => undefined)])
  } finally {
    timer.abort()
  }
}
