import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { openClient, type ProcessInfo } from 'stepwright'
import type { Begun } from '../hosts/crash-processes.ts'
import type { OpenOrder } from '../hosts/crash-host.ts'
import { tempDir } from '../temp-dir.ts'
import { hostProcess, type Host, type HostOptions } from './host.ts'

const PATIENCE_MS = 60_000

/** Looks until what it sees is as it should be; only a fault makes it give up. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > deadline) throw new Error(`In ${PATIENCE_MS / 1_000} s it never came about that ${what}`)
    await delay(2)
  }
}

/** A store for hosts that die, a reader of it, and what their steps did. */
export async function crashWorld(t: ExecutionContext, name = 'store') {
  const root = await tempDir(t)
  const dir = join(root, name),
    effects = join(root, 'effects')
  const client = openClient(dir)
  t.teardown(() => client.close())
  const get = async (pid: string) => (await client.get(pid)) as ProcessInfo
  return {
    dir,
    effects,
    client,
    get,
    open: (host: string, order: Partial<OpenOrder> = {}, options?: HostOptions): Promise<Host> =>
      hostProcess(t, options).open({ dir, effects, host, ...order }),
    /** The attempts whose work began, in order. */
    async begun(): Promise<Begun[]> {
      const text = await readFile(effects, 'utf8').catch(() => '')
      return text
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line) as Begun)
    },
    until: (pid: string, what: string, isIt: (info: ProcessInfo) => boolean): Promise<ProcessInfo> =>
      until(`process ${pid} is ${what}`, async () => {
        const info = await get(pid)
        return isIt(info) && info
      }),
  }
}
