import { readFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Client, HistoryEntry, ProcessInfo } from 'stepwright'
import type { Store } from '../../src/store/store.ts'
import { expectedOutput } from './definitions.ts'
import type { Effect } from './effects.ts'

/** When a host of the soak was killed, by the name it signs its effects with. Epoch ms. */
export type Kills = ReadonlyMap<string, number>

export interface Findings {
  readonly processes: number
  readonly steps: number
  /** Ended processes, by their definition. */
  readonly ended: Readonly<Record<string, number>>
  readonly violations: string[]
}

/** Compares what the steps say they did with what the journals say, and both with the promises. */
export async function verify(client: Client, store: Store, effectsFile: string, kills: Kills): Promise<Findings> {
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
  const ended: Record<string, number> = {}
  for (const [pid, history] of histories) {
    violations.push(...faultsIn(pid, history))
    const { name, endedAt } = history.at(-1) as ProcessInfo
    if (endedAt !== undefined) ended[name] = (ended[name] ?? 0) + 1
  }
  const works = effects.filter(isWork)
  violations.push(...tooEarly(works, histories), ...overlapping(works, kills), ...unlinked(histories))
  violations.push(...(await itemsAgain(effects, store)))
  return { processes: histories.size, steps: works.filter(([what]) => what === 'end').length, ended, violations }
}

type Work = Extract<Effect, readonly ['begin' | 'end', ...unknown[]]>

const isWork = (effect: Effect): effect is Work => effect[0] === 'begin' || effect[0] === 'end'

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
    // Branches begin together, in the step that has them.
    const [group] = step.split('.')
    for (const { name, status } of before)
      if (name.split('.')[0] !== group && !['finished', 'skipped'].includes(status))
        faults.push(`${step} of ${pid} ran while ${name} was ${status}`)
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

/** Children whose parent does not know them, or that outlived it. */
function unlinked(histories: ReadonlyMap<string, HistoryEntry[]>): string[] {
  return [...histories].flatMap(([pid, history]) => {
    const { parent } = history.at(-1) as ProcessInfo
    if (parent === undefined) return []
    const step = histories
      .get(parent.pid)
      ?.at(-1)
      ?.steps.find(({ name }) => name === parent.step)
    return step?.child === pid ? [] : [`child ${pid} is not that of ${parent.step} of ${parent.pid}: ${step?.child}`]
  })
}

/** Items that began once more although a record said that they had finished. */
async function itemsAgain(effects: readonly Effect[], store: Store): Promise<string[]> {
  const faults: string[] = []
  /** When each item was on record, by pid. */
  const finished = new Map<string, Map<number, number>>()
  for (const effect of effects) {
    if (effect[0] !== 'item') continue
    const [, pid, index, host, at] = effect
    if (!finished.has(pid)) {
      const records = (await store.history(pid)) ?? []
      finished.set(pid, new Map(records.flatMap(({ items = [], at: on }) => items.map(([item]) => [item, on] as const))))
    }
    const recorded = finished.get(pid)?.get(index)
    if (recorded !== undefined && at > recorded) faults.push(`item ${index} of ${pid} began on ${host} after it was on record`)
  }
  return faults
}
