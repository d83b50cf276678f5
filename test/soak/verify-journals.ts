import { isDeepStrictEqual } from 'node:util'
import type { Client, HistoryEntry, ProcessInfo, StreamPart } from 'stepwright'
import type { ProcessRecord } from '../../src/record/record.ts'
import { expectedOutput } from './definitions.ts'
import type { Data, Effect } from './effects.ts'
import type { Told } from './told.ts'

export type Histories = ReadonlyMap<string, readonly HistoryEntry[]>
export type Records = ReadonlyMap<string, readonly ProcessRecord[]>

/** What one journal says for itself. */
export function faultsInHistory(pid: string, history: readonly HistoryEntry[], seed: string): string[] {
  const faults: string[] = []
  const last = history.at(-1) as ProcessInfo
  const expected = expectedOutput(seed, last.name, last.input as Data)
  if (last.status !== 'finished')
    faults.push(
      `process ${pid} (${last.name}) did not finish: ${last.status} ${last.error?.message ?? JSON.stringify(last.steps)}`,
    )
  else if (!isDeepStrictEqual(last.output, expected))
    faults.push(
      `process ${pid} (${last.name}) has the wrong output ${JSON.stringify(last.output)}, not ${JSON.stringify(expected)}`,
    )
  for (const [index, { revision, steps, updatedAt }] of history.entries()) {
    if (revision !== index + 1) faults.push(`line ${index + 1} of ${pid} has revision ${revision}`)
    for (const [place, before] of (history[index - 1]?.steps ?? []).entries()) {
      const now = steps[place]
      if (before.status === 'finished' && now?.status !== 'finished')
        faults.push(`finished step ${before.name} of ${pid} ran again`)
      if (
        before.status === 'sleeping' &&
        now?.status === 'finished' &&
        Date.parse(updatedAt) < Date.parse(before.until ?? '')
      )
        faults.push(`${before.name} of ${pid} woke at ${updatedAt}, before ${before.until}`)
    }
  }
  return faults
}

/** Steps whose work writes the number of its attempt. */
const WRITES = /^(?:work|flaky|maybe|pause|thread|own)-|\.(?:left|right)$/

/**
 * Of each step that finished, readers see what its last attempt wrote, and nothing of the others.
 */
export async function faultsInStreams(client: Client, histories: Histories): Promise<string[]> {
  const faults: string[] = []
  for (const [pid, history] of histories) {
    let parts: StreamPart[] = []
    let next = 0
    for await (const part of client.stream(pid)) {
      if (part.offset !== next) faults.push(`the stream of ${pid} has offset ${part.offset} after ${next - 1}`)
      next = part.offset + 1
      if (part.reset) parts = parts.filter(({ step, item }) => step !== part.step || item !== part.item)
      else parts.push(part)
    }
    for (const { name, status, attempt } of history.at(-1)?.steps ?? []) {
      const chunks = parts.filter(({ step, item }) => step === name && item === undefined).map(({ chunk }) => chunk)
      if (WRITES.test(name) && status === 'finished' && !isDeepStrictEqual(chunks, [attempt]))
        faults.push(
          `step ${name} of ${pid} finished in attempt ${attempt}, and its stream has ${JSON.stringify(chunks)}`,
        )
    }
  }
  return faults
}

/** Each finished process step has one child, which says whose it is and ended before. */
export function faultsOfChildren(histories: Histories, records: Records, told: Told): string[] {
  const faults: string[] = []
  const ends = [...histories.values()].map(history => history.at(-1) as ProcessInfo)
  const children = Map.groupBy(
    ends.filter(({ parent }) => parent !== undefined),
    ({ parent }) => `${parent?.pid} ${parent?.step}`,
  )
  for (const { pid, steps } of ends)
    for (const { name, kind, status, child, children: count } of steps) {
      if ((kind !== 'process' && count === undefined) || status !== 'finished') continue
      const found = children.get(`${pid} ${name}`) ?? []
      children.delete(`${pid} ${name}`)
      if (count !== undefined) {
        if (found.length !== count)
          faults.push(`step ${name} of ${pid} has ${count} items and ${found.length} children`)
        continue
      }
      const [only, second] = found
      if (!only || second || only.pid !== child)
        faults.push(
          `step ${name} of ${pid} has child ${child}; those that name it are ${found.map(one => one.pid).join() || 'none'}`,
        )
      else {
        const end = records.get(pid)?.find(({ steps }) => steps[name]?.status === 'finished')
        const childEnd = records.get(only.pid)?.at(-1)
        if (!end || !childEnd || told.position(childEnd) >= told.position(end))
          faults.push(`step ${name} of ${pid} ended before its child ${child}`)
      }
    }
  for (const [parent, [child]] of children)
    faults.push(`${child?.pid} says it is a child of ${parent}, which knows nothing of it`)
  return faults
}

/**
 * Machines whose delay was too short, and actors that ran again once the store said that their
 * state was left.
 */
export function faultsInMachines(
  effects: readonly Effect[],
  histories: Histories,
  records: Records,
  told: Told,
): string[] {
  const faults: string[] = []
  /** The first record in the state after that with the actor, by pid and step. */
  const left = new Map<string, ProcessRecord>()
  for (const [pid, history] of histories)
    for (const { name } of (history[0] as ProcessInfo).steps.filter(({ kind }) => kind === 'machine')) {
      const first = (state: string): number =>
        history.findIndex(({ steps }) => steps.some(step => step.name === name && step.state === state))
      const [rested, worked] = [history[first('resting')], history[first('working')]]
      const asked = records.get(pid)?.[first('asking')]
      if (!rested || !worked || !asked) {
        faults.push(`${name} of ${pid} left states out`)
        continue
      }
      const { machine } = rested.snapshot as { machine: { timers: { at: number }[] } }
      const [{ at: due }] = machine.timers as [{ at: number }]
      if (Date.parse(worked.updatedAt) < due)
        faults.push(`${name} of ${pid} went on at ${worked.updatedAt}, before ${new Date(due).toISOString()}`)
      left.set(`${pid} ${name}`, asked)
    }
  const acted = new Set<string>()
  for (const [position, effect] of effects.entries()) {
    if (effect[0] !== 'actor') continue
    const [, pid, step, host] = effect
    acted.add(`${pid} ${step}`)
    const end = left.get(`${pid} ${step}`)
    if (!end || told.isKnown(end, host, position))
      faults.push(`the actor of ${step} of ${pid} ran again after it had ended`)
  }
  for (const id of left.keys()) if (!acted.has(id)) faults.push(`the actor of ${id} never ran`)
  return faults
}

/** Items that began again though the journal had what they returned. */
export function faultsInItems(effects: readonly Effect[], records: Records, told: Told): string[] {
  const faults: string[] = []
  for (const [position, effect] of effects.entries()) {
    if (effect[0] !== 'begin') continue
    const [, pid, step, , host, , item] = effect
    if (item === undefined) continue
    const remembered = records
      .get(pid)
      ?.find(({ event, memory = [] }) => event.step === step && memory.some(([name]) => name === `#${item}`))
    if (remembered && told.isKnown(remembered, host, position))
      faults.push(`item ${item} of ${step} of ${pid} ran again on ${host}, after line ${remembered.revision}`)
  }
  return faults
}
