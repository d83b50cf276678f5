import fs from 'node:fs'
import type { Files } from '../../src/journal/files.ts'

export type Call = Exclude<keyof Files, 'closeSync' | 'fstatSync' | 'statSync' | 'statfsSync'>

/**
 * How a call goes wrong: with a code, or (a write) by taking only half of what it is given and then
 * failing.
 */
export type Fault = 'ENOSPC' | 'EIO' | 'EACCES' | 'EMFILE' | 'short write'

/**
 * `node:fs`, counting calls from `arm` on; from the `nth` call of one kind on, `times` of them go
 * wrong.
 */
export function faultyFiles() {
  const counts = new Map<Call, number>()
  let isArmed = false
  let plan: { call: Call; nth: number; times: number; fault: Fault } | undefined

  function goesWrong(call: Call): Fault | undefined {
    if (!isArmed) return undefined
    const count = (counts.get(call) ?? 0) + 1
    counts.set(call, count)
    return plan?.call === call && count >= plan.nth && count < plan.nth + plan.times ? plan.fault : undefined
  }
  const failure = (fault: Fault) =>
    Object.assign(new Error(`${fault}: injected`), { code: fault === 'short write' ? 'ENOSPC' : fault })
  const sync =
    (call: Call) =>
    (...args: unknown[]) => {
      const fault = goesWrong(call)
      if (fault === 'short write' && call === 'writeSync') {
        const [fd, buffer, offset, length] = args as [number, Buffer, number, number]
        fs.writeSync(fd, buffer, offset, Math.floor(length / 2))
      }
      if (fault) throw failure(fault)
      return (fs[call] as (...all: unknown[]) => unknown)(...args)
    }
  const async = (call: 'fdatasync' | 'fsync') => (fd: number, callback: (error: Error | null) => void) => {
    const fault = goesWrong(call)
    if (fault) setImmediate(callback, failure(fault))
    else fs[call](fd, callback)
  }
  const calls = [
    'openSync',
    'readSync',
    'writeSync',
    'ftruncateSync',
    'renameSync',
    'linkSync',
    'unlinkSync',
    'mkdirSync',
    'rmdirSync',
    'readdirSync',
  ] as const
  const files = {
    ...fs,
    ...Object.fromEntries(calls.map(call => [call, sync(call)])),
    fdatasync: async('fdatasync'),
    fsync: async('fsync'),
  } as Files
  return {
    files,
    counts,
    /** Counts, and lets go wrong, from now on. */
    arm(next?: typeof plan) {
      isArmed = true
      plan = next
    },
    disarm() {
      isArmed = false
    },
  }
}
