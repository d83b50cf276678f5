import { readFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Client, HistoryEntry, ProcessInfo } from 'stepwright'
import { expectedOutput, type Effect } from './definitions.ts'

/** When a host of the soak was killed, by the name it signs its effects with. Epoch ms. */
export type Kills = ReadonlyMap<string, number>

export interface Findings {
  readonly processes: number
  readonly steps: number
  readonly violations: string[]
}

/** Compares what the steps say they did with what the journals say, and both with the promises. */
export async function verify(client: Client, effectsFile: string, kills: Kills): Promise<Findings> {
  const violations: string[] = []
  const effects = (await readFile(effectsFile, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Effect)
  const histories = new Map<string, HistoryEntry[]>()
  for await (const { pid } of client.list({ onCorrupt: ({ error }) => violations.push(error.message) }))
    histories.set(pid, await client.history(pid))

  for (const [what, pid] of effects)
    if (what === 'started' && !histories.has(pid)) violations.push(`process ${pid} was started and is lost`)
  for (const [pid, history] of histories) violations.push(...faultsIn(pid, history))
  const works = effects.filter(effect => effect[0] !== 'started')
  violations.push(...tooEarly(works, histories), ...overlapping(works, kills))
  return { processes: histories.size, steps: works.filter(([what]) => what === 'end').length, violations }
}

type Work = Exclude<Effect, readonly ['started', string]>

function faultsIn(pid: string, history: readonly HistoryEntry[]): string[] {
  const faults: string[] = []
  const last = history.at(-1) as ProcessInfo
  if (last.status !== 'finished') faults.push(`process ${pid} (${last.name}) did not finish: ${last.status} ${last.error?.message ?? ''}`)
  else if (!isDeepStrictEqual(last.output, expectedOutput(last.name, last.input as never)))
    faults.push(`process ${pid} has the wrong output ${JSON.stringify(last.output)}`)
  for (const [index, { revision, steps, updatedAt }] of history.entries()) {
    if (revision !== index + 1) faults.push(`line ${index + 1} of ${pid} has revision ${revision}`)
    for (const [place, before] of (history[index - 1]?.steps ?? []).entries()) {
      const now = steps[place]
      if (before.status === 'finished' && now?.status !== 'finished') faults.push(`finished step ${before.name} of ${pid} ran again`)
      if (before.status === 'sleeping' && now?.status === 'finished' && Date.parse(updatedAt) < Date.parse(before.until ?? ''))
        faults.push(`${before.name} of ${pid} woke at ${updatedAt}, before ${before.until}`)
    }
  }
  return faults
}

/** Steps that began before the store said so, or before their predecessor's end was in it. */
function tooEarly(works: readonly Work[], histories: ReadonlyMap<string, HistoryEntry[]>): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  for (const [what, pid, step, attempt] of works) {
    if (what !== 'begin') continue
    const id = `${pid} ${step} ${attempt}`
    if (seen.has(id)) faults.push(`attempt ${attempt} of ${step} of ${pid} ran twice`)
    seen.add(id)
    const entry = histories
      .get(pid)
      ?.find(({ steps }) => steps.some(one => one.name === step && one.status === 'running' && one.attempt === attempt))
    if (!entry) faults.push(`attempt ${attempt} of ${step} of ${pid} ran, and no record says that it began`)
    const before =
      entry?.steps.slice(
        0,
        entry.steps.findIndex(({ name }) => name === step),
      ) ?? []
    for (const { name, status } of before)
      if (!['finished', 'skipped'].includes(status)) faults.push(`${step} of ${pid} ran while ${name} was ${status}`)
  }
  return faults
}

/** Two hosts at work on one process at the same time. Work that a kill cut short ends with the kill. */
function overlapping(works: readonly Work[], kills: Kills): string[] {
  const faults: string[] = []
  const open = new Map<string, { readonly host: string; readonly step: string }>()
  for (const [what, pid, step, attempt, host, at] of works) {
    const other = open.get(pid)
    if (what === 'end') {
      if (other?.host === host) open.delete(pid)
      continue
    }
    const killedAt = other && kills.get(other.host)
    if (other && other.host !== host && (killedAt === undefined || at < killedAt))
      faults.push(`${host} began attempt ${attempt} of ${step} of ${pid} while ${other.host} was at ${other.step}`)
    open.set(pid, { host, step })
  }
  return faults
}
