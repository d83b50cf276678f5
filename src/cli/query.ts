import { InvalidArgumentError, type Command } from 'commander'
import type { BulkQuery, ProcessStatus } from '../index.ts'
import { addLabel, toTime, type Time } from './option-values.ts'

/** The options by which several commands choose processes. */
export interface QueryFlags {
  readonly status?: readonly ProcessStatus[]
  readonly name?: string
  readonly label?: Readonly<Record<string, string>>
  readonly error?: string
  readonly since?: Time
  readonly before?: Time
}

/** @param statuses those that the command knows */
export function addQuery(command: Command, statuses: readonly ProcessStatus[]): Command {
  const addStatus = (value: string, before: readonly ProcessStatus[] = []): ProcessStatus[] => {
    const status = statuses.find(one => one === value)
    if (status === undefined) throw new InvalidArgumentError(`It is one of ${statuses.join(', ')}.`)
    return [...before, status]
  }
  return command
    .option('--status <status>', `only processes with this status; may be repeated (${statuses.join(', ')})`, addStatus)
    .option('--name <name>', 'only processes of this definition')
    .option('--label <name=value>', 'only processes with this label; if repeated, with all of them', addLabel)
    .option('--error <text>', 'only processes whose error has this text in its name, code or message')
    .option('--since <time>', 'only processes created since then: 1h, 7d, 2026-01-31 or 2026-01-31T12:00Z', toTime)
    .option('--before <time>', 'only processes created before then', toTime)
}

/** Whether any of these options was given. */
export const hasQuery = ({ status, name, label, error, since, before }: QueryFlags): boolean =>
  [status, name, label, error, since, before].some(value => value !== undefined)

export const toQuery = ({ status, name, label, error, since, before }: QueryFlags, now: number): BulkQuery => ({
  status,
  name,
  labels: label,
  error,
  since: since && new Date(since(now)),
  before: before && new Date(before(now)),
})
