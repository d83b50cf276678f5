import type { NameCount, ProcessStatus } from '../record/record.ts'

/** Counts processes by name and status, where no database does it. */
export class Tally {
  readonly #byName = new Map<string, Map<ProcessStatus, { count: number; oldest: string }>>()

  add(name: string, status: ProcessStatus, pid: string): void {
    const ofName = this.#byName.get(name) ?? new Map<ProcessStatus, { count: number; oldest: string }>()
    this.#byName.set(name, ofName)
    const entry = ofName.get(status)
    if (entry === undefined) ofName.set(status, { count: 1, oldest: pid })
    else {
      entry.count += 1
      if (pid < entry.oldest) entry.oldest = pid
    }
  }

  counts(): NameCount[] {
    return [...this.#byName].flatMap(([name, ofName]) =>
      [...ofName].map(([status, entry]) => ({ name, status, ...entry })),
    )
  }
}
