// What processes have used so far, as Linux tells it. Elsewhere nothing is known of servers, and of
// bytes written.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export interface Usage {
  readonly cpuMicroseconds: number
  readonly bytesWritten: number
}

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Of a process: through all calls that write, wherever the bytes go. */
export const bytesWrittenBy = (pid: number | 'self'): number =>
  Number(/^wchar: (\d+)/m.exec(read(`/proc/${pid}/io`) ?? '')?.[1] ?? NaN)

interface Stat {
  readonly pid: number
  readonly parent: number
  /** Own, and of children that are gone. */
  readonly ticks: number
}

/** The name of a program may have spaces and brackets: fields are counted from the last one. */
function statOf(pid: number): Stat | undefined {
  const fields = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')
  if (fields === undefined) return undefined
  return { pid, parent: Number(fields[1]), ticks: fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) }
}

/** A server and its children. */
function family(root: number): Stat[] {
  const pids = process.platform === 'linux' ? readdirSync('/proc').map(Number).filter(Number.isInteger) : []
  return pids.flatMap(pid => statOf(pid) ?? []).filter(({ pid, parent }) => pid === root || parent === root)
}

/** A child that nobody has waited for yet counts as gone. */
export const isGone = (pid: number): boolean => /^\d+ \(.*\) Z/.test(read(`/proc/${pid}/stat`) ?? `${pid} () Z`)

let ticksPerSecond: number | undefined

export function usageOf(root: number): Usage {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  const all = family(root)
  return {
    cpuMicroseconds: (all.reduce((sum, { ticks }) => sum + ticks, 0) / ticksPerSecond) * 1e6,
    bytesWritten: all.reduce((sum, { pid }) => sum + (bytesWrittenBy(pid) || 0), 0),
  }
}

/** Of a server and its children now: what they share counts once. */
export const memoryOf = (root: number): number =>
  family(root).reduce(
    (sum, { pid }) => sum + Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0) * 1_024,
    0,
  )
