import type { MemoryInfo, ProcessInfo } from '../../index.ts'
import { printable } from '../printable.ts'
import type { View } from '../screen.ts'
import { errorLines } from './error.ts'
import { took } from './facts.ts'
import { pendingLine } from './pending-line.ts'
import { memoryLines } from './memories.ts'
import { shortJson } from './short-json.ts'
import { lookOf } from './status.ts'
import { allSteps } from './steps.ts'
import { relative } from './time.ts'

type Field = readonly [label: string, text: string | undefined]

const time = (iso: string | undefined, now: number): string | undefined =>
  iso && `${printable(iso)} (${relative(iso, now)})`

function hostOf({ host, endedAt, name, misfit }: ProcessInfo): string | undefined {
  if (misfit !== undefined) return `none: host ${misfit.host} left it alone, since ${misfit.message}`
  if (host !== undefined) return `${host.id}, ${host.state} (process ${host.osPid} on ${host.hostname})`
  return endedAt === undefined ? `none: it waits for a runtime that knows ${name}` : undefined
}

const limitOf = ({ limit, key }: NonNullable<ProcessInfo['waitingFor']>): string =>
  `limit ${limit}${key === undefined ? '' : ` (${key})`}`

function fieldsOf(info: ProcessInfo, now: number): Field[] {
  const { labels = {}, key, recoveries } = info
  const duration = took(info, now)
  return [
    ['pid', info.pid],
    ['version', info.version],
    ['created', time(info.createdAt, now)],
    ['starts', info.status === 'pending' ? time(info.startsAt, now) : undefined],
    ['priority', info.priority === undefined ? undefined : String(info.priority)],
    ['started', time(info.startedAt, now)],
    ['updated', info.endedAt === undefined ? time(info.updatedAt, now) : undefined],
    ['ended', time(info.endedAt, now)],
    [info.endedAt === undefined ? 'elapsed' : 'took', duration === '' ? undefined : duration],
    ['deadline', info.endedAt === undefined ? time(info.deadline, now) : undefined],
    ['waits for', info.waitingFor && limitOf(info.waitingFor)],
    ['paused', info.paused && `yes: see \`stepwright resume ${info.name}\``],
    ['host', hostOf(info)],
    [
      'labels',
      Object.entries(labels)
        .map(([label, value]) => `${label}=${value}`)
        .join(' ') || undefined,
    ],
    ['key', key],
    ['retry of', info.retryOf],
    ['trace', info.trace?.['traceparent']],
    ['retried by', info.retriedBy],
    ['recoveries', recoveries > 0 ? String(recoveries) : undefined],
    ['revision', String(info.revision)],
  ]
}

const section = (title: string, lines: readonly string[], { paint }: View): string[] =>
  lines.length === 0 ? [] : ['', paint('bold', title), ...lines]

const indented = (lines: readonly string[]): string[] => lines.map(line => `  ${line}`)

/** The error or the output of a process. */
export function outcomeSections(info: ProcessInfo, view: View): string[] {
  const { error, output } = info
  const where =
    error?.step === undefined
      ? ''
      : ` in step ${printable(error.step)}${error.attempt === undefined ? '' : `, attempt ${error.attempt}`}`
  return [
    ...section(`Error${where}`, error ? indented(errorLines(error, view.paint)) : [], view),
    ...section('Output', 'output' in info ? indented(shortJson(output, view.width - 2)) : [], view),
  ]
}

/** Everything about one process. */
export function processDetails(info: ProcessInfo, view: View, memories: readonly MemoryInfo[] = []): string[] {
  const { paint, now } = view
  const { glyph, style } = lookOf(info.status)
  const fields = fieldsOf(info, now).filter((field): field is readonly [string, string] => field[1] !== undefined)
  const widest = Math.max(...fields.map(([label]) => label.length))
  return [
    `${paint(style, glyph)} ${paint('bold', printable(info.name))}  ${paint(style, printable(info.status))}`,
    ...fields.map(([label, text]) => `  ${paint('dim', label.padEnd(widest))}  ${printable(text)}`),
    ...section('Steps', allSteps(info, view), view),
    ...section('Done once', memoryLines(info, memories, view), view),
    ...section(
      'Waiting commands',
      indented((info.pendingCommands ?? []).map(command => pendingLine(command, now))),
      view,
    ),
    ...section('Input', indented(shortJson(info.input, view.width - 2)), view),
    ...outcomeSections(info, view),
  ]
}
