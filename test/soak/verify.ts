import { readFile } from 'node:fs/promises'
import type { Client, HistoryEntry, ProcessInfo, Store } from 'stepwright'
import { toHistoryEntry } from '../../src/record/info.ts'
import { epochOf, type ProcessRecord } from '../../src/record/record.ts'
import { partOf } from './definitions.ts'
import type { Effect, Work } from './effects.ts'
import { faultsInEpochs, Told } from './told.ts'
import {
  faultsInHistory,
  faultsInItems,
  faultsInMachines,
  faultsInStreams,
  faultsOfChildren,
  type Histories,
  type Records,
} from './verify-journals.ts'

/** What was done to the hosts of the soak, by the names they sign their effects with. Epoch ms. */
export interface Fates {
  readonly kills: ReadonlyMap<string, number>
  readonly stopped: readonly Stop[]
}

/** A host did nothing for a while. */
export interface Stop {
  readonly host: string
  readonly from: number
  readonly to: number
}

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
  fates: Fates,
  seed: string,
): Promise<Findings> {
  const violations: string[] = []
  const all = (await readFile(effectsFile, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Effect)
  const effects = withoutRobbed(all, fates)
  const records = new Map<string, ProcessRecord[]>()
  const histories = new Map<string, HistoryEntry[]>()
  for await (const { pid } of client.list({ onCorrupt: ({ error }) => violations.push(error.message) }))
    records.set(pid, (await store.history(pid)) ?? [])
  for (const [pid, all] of records) histories.set(pid, all.map(toHistoryEntry))
  const told = new Told(effects)

  for (const [what, pid] of effects)
    if (what === 'started' && !histories.has(pid)) violations.push(`process ${pid} was started and is lost`)
  for (const [pid, history] of histories) violations.push(...faultsInHistory(pid, history, seed))
  const works = effects.filter((effect): effect is Work => effect[0] === 'begin' || effect[0] === 'end')
  violations.push(
    ...faultsInEpochs(effects, records),
    ...tooEarly(effects, histories, records, told),
    ...overlapping(works, fates),
    ...faultsOfChildren(histories, records, told),
    ...faultsInMachines(effects, histories, records, told),
    ...faultsInItems(effects, records, told),
    ...(await faultsInStreams(client, histories)),
  )
  const stepsByPart: Record<string, number> = {}
  for (const history of histories.values())
    for (const { name, status } of (history.at(-1) as ProcessInfo).steps)
      if (status === 'finished') stepsByPart[partOf(name)] = (stepsByPart[partOf(name)] ?? 0) + 1
  const steps = Object.values(stepsByPart).reduce((sum, count) => sum + count, 0)
  return { processes: histories.size, steps, stepsByPart, violations }
}

/**
 * Without the work of hosts that were robbed while they were stopped: they go on until they hear of
 * it, which nobody can prevent. What they write is refused, and that is checked.
 */
function withoutRobbed(effects: readonly Effect[], { stopped }: Fates): Effect[] {
  const robbed = new Set<string>()
  return effects.filter(effect => {
    if (effect[0] === 'took') {
      const [, pid, , , host, at] = effect
      for (const stop of stopped)
        if (stop.host !== host && stop.from <= at && at <= stop.to) robbed.add(`${stop.host} ${pid}`)
      robbed.delete(`${host} ${pid}`)
    }
    if (effect[0] !== 'begin' && effect[0] !== 'end' && effect[0] !== 'actor') return true
    const host = effect[0] === 'actor' ? effect[3] : effect[4]
    return !robbed.has(`${host} ${effect[1]}`)
  })
}

/** Steps that began before the store said so, or before their predecessor's end was in it. */
function tooEarly(effects: readonly Effect[], histories: Histories, records: Records, told: Told): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  for (const [position, effect] of effects.entries()) {
    if (effect[0] !== 'begin') continue
    const [, pid, step, attempt, host, , item] = effect
    const { epoch } = told.holding(host, pid, position)
    // The attempts at an item begin anew with each epoch.
    const id = [pid, step, attempt, ...(item === undefined ? [] : [item, epoch])].join(' ')
    if (seen.has(id)) faults.push(`attempt ${attempt} of ${step} ${item ?? ''} of ${pid} ran twice`)
    seen.add(id)
    const began = histories
      .get(pid)
      ?.findIndex(({ steps }) =>
        steps.some(
          one => one.name === step && one.status === 'running' && (item !== undefined || one.attempt === attempt),
        ),
      )
    const entry = histories.get(pid)?.[began ?? -1]
    const record = records.get(pid)?.[began ?? -1]
    if (!entry || !record) faults.push(`attempt ${attempt} of ${step} of ${pid} ran, and no record says that it began`)
    else if (!told.isKnown(record, host, position))
      faults.push(`attempt ${attempt} of ${step} of ${pid} ran before its record was written`)
    else if (item === undefined && epochOf(record) !== epoch)
      faults.push(`attempt ${attempt} of ${step} of ${pid} ran in epoch ${epoch}, and began in ${epochOf(record)}`)
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
 * Two hosts at work on one process at the same time. Work that a kill cut short ends with the kill,
 * and a host that is stopped does nothing.
 */
function overlapping(works: readonly Work[], { kills, stopped }: Fates): string[] {
  const faults: string[] = []
  const isStopped = (host: string, at: number): boolean =>
    stopped.some(stop => stop.host === host && stop.from <= at && at <= stop.to)
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
      if (at < (kills.get(other) ?? Infinity) && !isStopped(other, at))
        faults.push(`${host} began attempt ${attempt} of ${step} of ${pid} while there was ${what}`)
      ofProcess.delete(what)
    }
    ofProcess.set(id, host)
  }
  return faults
}
