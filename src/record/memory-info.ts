import type { Memory, ProcessRecord } from './record.ts'

/** What a step remembers: what it did with `once`, or an answer that it waited for. */
export interface MemoryInfo {
  readonly step: string
  readonly name: string
  /** The index of the item of an each step that did it, or the number of the actor of a machine. */
  readonly item?: number
  /** Since when it is remembered. ISO 8601. */
  readonly at: string
  /** How long the work took, in milliseconds. */
  readonly ms?: number
}

/** Names of users, and of those the ones within an item. */
const NAME = /^(?:#(\d+):)?\??([^#?][^]*)$/

/** What a record brought to the memory of a step, but for items that have ended: progress counts those. */
export function memoryInfos({ event, memory, inherited, at }: ProcessRecord, isFirst: boolean): MemoryInfo[] {
  const since = new Date(at).toISOString()
  const infos = (step: string, remembered: readonly Memory[]): MemoryInfo[] =>
    remembered.flatMap(([key, , ms]) => {
      const [, item, name] = NAME.exec(key) ?? []
      return name === undefined
        ? []
        : [
            {
              step,
              name,
              ...(item !== undefined && { item: Number(item) }),
              at: since,
              ...(ms !== undefined && { ms }),
            },
          ]
    })
  const before = isFirst ? Object.entries(inherited?.memory ?? {}) : []
  return [...before.flatMap(([step, of]) => infos(step, of)), ...infos(event.step ?? '', memory ?? [])]
}
