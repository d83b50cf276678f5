import type { ProcessRecord } from '../record/record.ts'
import type { ListQuery } from './store.ts'

export function matches({ status, name, labels }: ListQuery, record: ProcessRecord): boolean {
  if (status !== undefined && !status.includes(record.status)) return false
  if (name !== undefined && name !== record.name) return false
  return Object.entries(labels ?? {}).every(
    ([label, value]) => Object.hasOwn(record.labels ?? {}, label) && record.labels?.[label] === value,
  )
}

const PREFIX = /^[0-9a-z]{0,20}$/

/** Anything that is not a prefix of a pid matches nothing. */
export const isPidPrefix = (text: unknown): text is string => typeof text === 'string' && PREFIX.test(text)
