import type { LineHead, PartialTransition, ProcessIdentity, ProcessRecord, Transition } from '../record/record.ts'
import { changesOf, withChanges } from './changes.ts'

type Values = Readonly<Record<string, unknown>>

/** What is compared at every depth. Of the rest, a value is written if it is another one. */
const COMPARED: ReadonlySet<string> = new Set<keyof Transition>(['steps', 'outputs', 'snapshot'])
/** What every line has. */
const HEAD: ReadonlySet<string> = new Set<keyof LineHead>(['pid', 'name', 'status', 'revision', 'at', 'event', 'epoch'])
/** What a record has of its newest line alone. */
const OF_LINE: ReadonlySet<string> = new Set<keyof ProcessRecord>(['progress', 'memory'])
/** What says how a partial transition is to be read. */
const ABOUT: ReadonlySet<string> = new Set<keyof PartialTransition>(['back', 'gone', 'more'])
/** What never changes, whatever lines say. */
const IDENTITY: ReadonlySet<string> = new Set<keyof ProcessIdentity>([
  'version',
  'shape',
  'createdAt',
  'input',
  'key',
  'labels',
  'parent',
  'forkedFrom',
  'inherited',
  'retryOf',
  'trace',
  'outline',
])

/** Whether a line can be understood only with the transition before it. */
export const isPartial = (line: object): line is PartialTransition => 'back' in line

const pick = (values: object, which: (key: string) => boolean): Values =>
  Object.fromEntries(Object.entries(values).filter(([key, value]) => value !== undefined && which(key)))

/** A transition as what has changed since the one before. */
export function partialOf(before: Transition, after: Transition, back: number): PartialTransition {
  const isCompared = (key: string): boolean => COMPARED.has(key)
  const isRest = (key: string): boolean => !COMPARED.has(key) && !HEAD.has(key) && !OF_LINE.has(key)
  const { values, gone, more } = changesOf(pick(before, isCompared), pick(after, isCompared))
  const [was, is] = [pick(before, isRest), pick(after, isRest)]
  const paths = [...gone, ...Object.keys(was).flatMap(key => (Object.hasOwn(is, key) ? [] : [[key]]))]
  return Object.assign(
    pick(after, key => HEAD.has(key)),
    { back },
    values,
    pick(is, key => is[key] !== was[key]),
    pick(after, key => OF_LINE.has(key)),
    paths.length > 0 && { gone: paths },
    more.length > 0 && { more },
  ) as PartialTransition
}

/**
 * The record after a partial transition.
 *
 * @throws an Error if the two do not fit
 */
export function withPartial(record: ProcessRecord, partial: PartialTransition): ProcessRecord {
  const { gone = [], more = [], definition } = partial
  const wrong = [...gone, ...more.map(([path]) => path)].find(([key = '']) => IDENTITY.has(key))
  if (wrong !== undefined) throw new Error(`\`${wrong.join('.')}\` never changes`)
  const values = pick(partial, key => COMPARED.has(key))
  const rest = pick(partial, key => !COMPARED.has(key) && !ABOUT.has(key) && !IDENTITY.has(key))
  const { progress: _progress, memory: _memory, epoch: _epoch, ...before } = record
  return { ...withChanges(before, { values, gone, more }), ...rest, ...definition } as unknown as ProcessRecord
}
