import { isPid } from '../record/pid.ts'
import { PROCESS_STATUSES, identityOf } from '../record/record.ts'
import type {
  JournalLine,
  Json,
  MemoryLine,
  ProcessRecord,
  ProcessStatus,
  ProgressLine,
  Trails,
  Transition,
} from '../record/record.ts'
import {
  firstLineSchema,
  partialSchema,
  logEntrySchema,
  memorySchema,
  progressSchema,
  streamEntrySchema,
  transitionSchema,
} from '../record/record-schema.ts'
import { isObject, mustFit } from '../record/schema.ts'
import type { Schema } from '../record/schema.ts'
import { tooNew } from './failures.ts'
import { isPartial, withPartial } from './partial.ts'

/**
 * The format of journals. It is on the first line of each. A host that goes on with a journal of
 * format 1 writes lines of format 2 into it: what is new in them is absent from older lines, so
 * each line is read as it is.
 */
export const JOURNAL_FORMAT = 2

/** The first line of a journal has the whole record, and the format of the journal. */
export type FirstLine = { readonly format: number; readonly adoptions?: number } & ProcessRecord

export const toFirstLine = (record: ProcessRecord): FirstLine => ({ format: JOURNAL_FORMAT, ...record })

const HEADER = /^\{"format":\d+,(?:"adoptions":(\d+),)?/

/**
 * How often the process was adopted, by the first line of its journal: where the journal is a file,
 * an adoption writes the file anew. The lines say it too, once the adopter has written one.
 */
export function adoptionsOf(head: string): number {
  const header = HEADER.exec(head)
  const adoptions = header === null ? parseObject(head)['adoptions'] : header[1]
  return Number.isSafeInteger(Number(adoptions)) ? Number(adoptions) : 0
}

/** The first line of a journal, whose text may be long, with another number of adoptions. */
export function withAdoptions(head: string, adoptions: number): string {
  const header = `{"format":${JOURNAL_FORMAT},"adoptions":${adoptions},`
  if (HEADER.test(head)) return head.replace(HEADER, () => header)
  const { format: _, adoptions: _before, ...record } = parseObject(head)
  return header + JSON.stringify(record).slice(1)
}

/** A journal's line as it is on disk. */
export const encodeLine = (line: unknown): string => `${JSON.stringify(line)}\n`

export const encodeFirst = (record: ProcessRecord): string => encodeLine(toFirstLine(record))

/**
 * A complete line that makes no sense. The reader looks again before it calls the journal corrupt.
 */
export class Nonsense extends Error {
  override name = 'Nonsense'
}

/** @throws Nonsense */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Nonsense(error instanceof Error ? error.message : String(error), { cause: error })
  }
  if (!isObject(value)) throw new Nonsense('a line is no JSON object')
  return value
}

/** The one door for lines that are read. @throws Nonsense */
function mustBeLine(schema: Schema, line: Readonly<Record<string, unknown>>, pid: string): void {
  if (line['pid'] !== pid) throw new Nonsense(`a line of process ${pid} has a wrong or no \`pid\``)
  try {
    mustFit(schema, line)
  } catch (error) {
    throw new Nonsense(`a line of process ${pid}: ${(error as Error).message}`, { cause: error })
  }
}

/** @throws Nonsense, ERR_STORE_VERSION */
export function parseFirst(text: string, pid: string, file: string): ProcessRecord {
  const { format, adoptions: _, ...record } = parseObject(text)
  if (typeof format !== 'number') throw new Nonsense('the first line has no `format`')
  if (format > JOURNAL_FORMAT) throw tooNew(file, format, JOURNAL_FORMAT)
  mustBeLine(firstLineSchema, record, pid)
  return record as unknown as ProcessRecord
}

/**
 * The pid and the key on the first line of any journal, or `undefined` if it is not a first line.
 */
export function parseClaim(text: string): { readonly pid: string; readonly key?: string } | undefined {
  try {
    const { pid, key } = parseObject(text)
    return isPid(pid) ? { pid, ...(typeof key === 'string' && { key }) } : undefined
  } catch (error) {
    if (error instanceof Nonsense) return undefined
    throw error
  }
}

/**
 * The pid of the parent on a first line, or `undefined` if there is no parent or it is not a first
 * line.
 */
export function parseParent(text: string): string | undefined {
  try {
    const { parent } = parseObject(text)
    return isObject(parent) && isPid(parent['pid']) ? parent['pid'] : undefined
  } catch (error) {
    if (error instanceof Nonsense) return undefined
    throw error
  }
}

/** @throws Nonsense */
export function parseLine(text: string, pid: string): JournalLine {
  const line = parseObject(text)
  mustBeLine(schemaOf(line), line, pid)
  return 'items' in line ? memoryOfItems(line) : (line as unknown as JournalLine)
}

function schemaOf(line: object): Schema {
  if (isPartial(line)) return partialSchema
  return !isWithin(line) ? transitionSchema : 'memory' in line ? memorySchema : progressSchema
}

/** Lines of the first format have finished items of an each step, by index. */
function memoryOfItems({ items, ...line }: Readonly<Record<string, unknown>>): MemoryLine {
  const memory = (items as readonly (readonly [number, Json])[]).map(([index, output]) => [`#${index}`, output])
  return { ...line, memory } as unknown as MemoryLine
}

const TRAIL_SCHEMAS: { readonly [T in keyof Trails]: Schema } = { log: logEntrySchema, stream: streamEntrySchema }

/** An entry of a trail; `undefined` if the line is none. */
export function parseEntry<T extends keyof Trails>(trail: T, text: string): Trails[T] | undefined {
  try {
    const entry = parseObject(text)
    mustFit(TRAIL_SCHEMAS[trail], entry)
    return entry as unknown as Trails[T]
  } catch {
    return undefined
  }
}

const HEAD = /^\{"pid":"([0-9a-z]{20})","name":"([^"\\]*)","status":"([a-z]+)"[^]*\}$/

/** What every line begins with. */
export interface LineHead {
  readonly name: string
  readonly status: ProcessStatus
}

/**
 * The head of a line, read from its beginning as hosts write it. If it is `undefined`, the line has
 * to be parsed.
 */
export function headOf(text: string, pid: string): LineHead | undefined {
  const [, of, name, status] = HEAD.exec(text) ?? []
  return of === pid && name !== undefined && PROCESS_STATUSES.includes(status as never)
    ? { name, status: status as ProcessStatus }
    : undefined
}

/** Whether a line is of what happened within a step, and no transition. */
export const isWithin = (line: object): line is ProgressLine | MemoryLine => !('snapshot' in line) && !isPartial(line)

/** Whether a line is a transition that can be understood without any other line. */
export const isWhole = (line: object): line is Transition => 'snapshot' in line && !isPartial(line)

/**
 * The record after `line`. The identity stays that of the first line, whatever later lines say. A
 * transition replaces everything else, or what has changed, and drops the progress reported before
 * it. Lines are merged by spread, so an own key `__proto__` is data like any other.
 *
 * @throws Nonsense if a transition says changes of another record
 */
export function fold(record: ProcessRecord, line: JournalLine): ProcessRecord {
  const after = foldUnchecked(record, line)
  return isPartial(line) ? mustFollow(after) : after
}

/** A partial transition is checked once it is whole. @throws Nonsense */
function mustFollow(record: ProcessRecord): ProcessRecord {
  try {
    mustFit(transitionSchema, record)
    return record
  } catch (error) {
    throw doesNotFollow(record, error)
  }
}

function doesNotFollow({ pid, revision }: Pick<ProcessRecord, 'pid' | 'revision'>, cause: unknown): Nonsense {
  const what = `revision ${revision} of process ${pid} does not follow from the lines before`
  return new Nonsense(`${what}: ${(cause as Error).message}`, { cause })
}

function foldUnchecked(record: ProcessRecord, line: JournalLine): ProcessRecord {
  if (isPartial(line)) {
    try {
      return withPartial(record, line)
    } catch (error) {
      throw doesNotFollow(line, error)
    }
  }
  if (isWithin(line)) {
    const { status, revision, at, event, epoch, progress } = line
    const { memory: _, ...before } = record
    return {
      ...before,
      status,
      revision,
      at,
      event,
      ...(epoch !== undefined && { epoch }),
      ...((before.progress ?? progress) && { progress: { ...before.progress, ...progress } }),
      ...('memory' in line && { memory: line.memory }),
    }
  }
  const {
    key: _key,
    labels: _labels,
    parent: _parent,
    forkedFrom: _forkedFrom,
    inherited: _inherited,
    retryOf: _retryOf,
    startsAt: _startsAt,
    priority: _priority,
    limits: _limits,
    trace: _trace,
    progress: _progress,
    ...transition
  } = line as Transition & Partial<ProcessRecord>
  return { ...transition, ...identityOf(record), ...transition.definition }
}

/**
 * The record after each line, oldest first.
 *
 * @throws Nonsense, ERR_STORE_VERSION
 */
export function* foldEvery(lines: Iterable<string>, pid: string, file: string): Generator<ProcessRecord> {
  let record: ProcessRecord | undefined
  for (const text of lines) {
    record = record === undefined ? parseFirst(text, pid, file) : fold(record, parseLine(text, pid))
    yield record
  }
}

/**
 * The record as of the newest line: reads back to the newest whole transition and no further.
 *
 * @param head the text of the first line
 * @param newestFirst the text of every line, the last one first and `head` at its end
 * @throws Nonsense, ERR_STORE_VERSION
 */
export function foldNewest(head: string, newestFirst: Iterable<string>, pid: string, file: string): ProcessRecord {
  const first = parseFirst(head, pid, file)
  const lines: JournalLine[] = []
  for (const text of newestFirst) {
    if (text === head) break
    const line = parseLine(text, pid)
    lines.push(line)
    if (isWhole(line)) break
  }
  const newest = lines.reduceRight(foldUnchecked, first)
  return lines.some(isPartial) ? mustFollow(newest) : newest
}
