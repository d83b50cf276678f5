import { readFile } from 'node:fs/promises'
import type { Client, HistoryEntry, ProcessInfo, Store } from 'stepwright'
import { partOf } from './definitions.ts'
import type { Effect, Work } from './effects.ts'
import {
  faultsInHistory,
  faultsInItems,
  faultsInMachines,
  faultsOfChildren,
  type Histories,
} from './verify-journals.ts'

/** When a host of the soak was killed, by the name it signs its effects with. Epoch ms. */
export type Kills = ReadonlyMap<string, number>

export interface Findings {
  readonly processes: number
  readonly steps: number
  /** Steps that finished, by the part of their definition. */
  readonly stepsByPart: Readonly<Record<string, number>>
  readonly violations: string[]
}

/** Compares what the steps say they did with what the journals say, and both with the promises. */
export async function verify(
  client: Client,
  store: Store,
  effectsFile: string,
  kills: Kills,
  seed: string,
): Promise<Findings> {
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
  for (const [pid, history] of histories) violations.push(...faultsInHistory(pid, history, seed))
  const works = effects.filter((effect): effect is Work => effect[0] === 'begin' || effect[0] === 'end')
  violations.push(
    ...tooEarly(works, histories),
    ...overlapping(works, kills),
    ...faultsOfChildren(histories),
    ...faultsInMachines(effects, histories),
    ...(await faultsInItems(store, works)),
  )
  const stepsByPart: Record<string, number> = {}
  for (const history of histories.values())
    for (const { name, status } of (history.at(-1) as ProcessInfo).steps)
      if (status === 'finished') stepsByPart[partOf(name)] = (stepsByPart[partOf(name)] ?? 0) + 1
  const steps = Object.values(stepsByPart).reduce((sum, count) => sum + count, 0)
  return { processes: histories.size, steps, stepsByPart, violations }
}

/** Steps that began before the store said so, or before their predecessor's end was in it. */
function tooEarly(works: readonly Work[], histories: Histories): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  for (const [what, pid, step, attempt, host, , item] of works) {
    if (what !== 'begin') continue
    // The attempts at an item begin anew with each host.
    const id = [pid, step, attempt, ...(item === undefined ? [] : [item, host])].join(' ')
    if (seen.has(id)) faults.push(`attempt ${attempt} of ${step} ${item ?? ''} of ${pid} ran twice`)
    seen.add(id)
    const entry = histories
      .get(pid)
      ?.find(({ steps }) =>
        steps.some(
          one => one.name === step && one.status === 'running' && (item !== undefined || one.attempt === attempt),
        ),
      )
    if (!entry) faults.push(`attempt ${attempt} of ${step} of ${pid} ran, and no record says that it began`)
    const [whole] = step.split('.')
    const steps = entry?.steps ?? []
    for (const { name, status } of steps.slice(
      0,
      steps.findIndex(({ name }) => name === whole),
    ))
      if (!['finished', 'skipped'].includes(status)) faults.push(`${step} of ${pid} ran while ${name} was ${status}`)
  }
  return faults
}

/**
 * Two hosts at work on one process at the same time. Work that a kill cut short ends with the kill.
 */
function overlapping(works: readonly Work[], kills: Kills): string[] {
  const faults: string[] = []
  /** What is under way, by process: what it is, and whose. */
  const open = new Map<string, Map<string, string>>()
  for (const [what, pid, step, attempt, host, at, item = ''] of works) {
    const ofProcess = open.get(pid) ?? new Map<string, string>()
    open.set(pid, ofProcess)
    const id = `${host} ${step} ${item}`
    if (what === 'end') {
      ofProcess.delete(id)
      continue
    }
    for (const [what, other] of ofProcess) {
      if (other === host) continue
      if (at < (kills.get(other) ?? Infinity))
        faults.push(`${host} began attempt ${attempt} of ${step} of ${pid} while there was ${what}`)
      ofProcess.delete(what)
    }
    ofProcess.set(id, host)
  }
  return faults
}
