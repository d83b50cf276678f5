import { fold, parseFirst, parseLine } from '../../src/journal/line.ts'
import type { ProcessRecord } from '../../src/record/record.ts'
import type { Inode } from './kernel/disk.ts'

/** Where a process's journal may be, by its path. */
export type Place = { readonly pid: string; readonly place: 'pending' | 'active' | 'ended'; readonly owner?: string }

const LIVE = /^\/store\/(pending|active\/([^/]+))\/([0-9a-z]{20})\.jsonl$/
const ENDED = /^\/store\/ended\/[^/]+\/([0-9a-z]{20})\.[a-z]+\.jsonl$/

export function placeOf(path: string): Place | undefined {
  const [, , owner, live] = LIVE.exec(path) ?? []
  if (live !== undefined)
    return owner === undefined ? { pid: live, place: 'pending' } : { pid: live, place: 'active', owner }
  const [, ended] = ENDED.exec(path) ?? []
  return ended === undefined ? undefined : { pid: ended, place: 'ended' }
}

/** What a journal on the simulated disk says: each line is read once. */
export class JournalView {
  readonly inode: Inode
  readonly pid: string
  record: ProcessRecord | undefined
  /** The revision with which an attempt began, by `step attempt`. */
  readonly begun = new Map<string, number>()
  #position = 0

  constructor(inode: Inode, pid: string) {
    this.inode = inode
    this.pid = pid
  }

  /** Whether a whole line was cut off since the last call: then the next one begins anew. */
  wasCut(): boolean {
    if (this.inode.size >= this.#position) return false
    this.#position = 0
    this.record = undefined
    this.begun.clear()
    return true
  }

  /** @returns the records of lines that have come since the last call */
  read(): ProcessRecord[] {
    const { inode, pid } = this
    const text = inode.bytes.toString('utf8', this.#position, inode.size)
    const end = text.lastIndexOf('\n') + 1
    this.#position += Buffer.byteLength(text.slice(0, end))
    return text
      .slice(0, end)
      .split('\n')
      .slice(0, -1)
      .map(line => {
        this.record = this.record === undefined ? parseFirst(line, pid, '') : fold(this.record, parseLine(line, pid))
        for (const [name, { attempt }] of Object.entries(this.record.steps)) {
          const id = `${name} ${attempt}`
          if (!this.begun.has(id)) this.begun.set(id, this.record.revision)
        }
        return this.record
      })
  }
}
