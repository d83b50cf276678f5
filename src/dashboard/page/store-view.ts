import { useMemo, useRef, useState } from 'preact/hooks'
import type { HostRow, ListEvents, ProcessStatus, Row, StoreState } from '../protocol.ts'
import { useStream, type Connection } from './server.ts'

/** The state of the store as far as the page knows it. */
export interface StoreView {
  readonly connection: Connection
  readonly state: StoreState | undefined
  readonly hosts: readonly HostRow[]
  /** Newest first. */
  readonly rows: readonly Row[]
}

const newestFirst = (a: Row, b: Row): number => (a.pid < b.pid ? 1 : a.pid > b.pid ? -1 : 0)

/** Follows the store. The page is drawn at most once per frame, however much arrives. */
export function useStore(): StoreView {
  const [state, setState] = useState<StoreState>()
  const [hosts, setHosts] = useState<readonly HostRow[]>([])
  const byPid = useRef(new Map<string, Row>())
  const [version, setVersion] = useState(0)
  const frame = useRef(0)
  const connection = useStream<ListEvents>('api/events', {
    state: setState,
    hosts: setHosts,
    rows({ fresh, changed, gone }) {
      if (fresh) byPid.current = new Map()
      for (const row of changed) byPid.current.set(row.pid, row)
      for (const pid of gone) byPid.current.delete(pid)
      frame.current ||= requestAnimationFrame(() => {
        frame.current = 0
        setVersion(before => before + 1)
      })
    },
  })
  const rows = useMemo(() => [...byPid.current.values()].toSorted(newestFirst), [version])
  return { connection, state, hosts, rows }
}

/** The filter of the list, which is part of the address. */
export interface Filter {
  readonly statuses: ReadonlySet<string>
  readonly name: string
  readonly text: string
  /** `name=value` */
  readonly label: string
  /** The greatest age, in minutes. */
  readonly minutes: number | undefined
}

export function filterOf(query: URLSearchParams): Filter {
  const minutes = Number(query.get('since'))
  return {
    statuses: new Set(query.getAll('status')),
    name: query.get('name') ?? '',
    text: query.get('q') ?? '',
    label: query.get('label') ?? '',
    minutes: minutes > 0 ? minutes : undefined,
  }
}

/** Counts the rows that match all but the status, and returns those that match the status too. */
export function filtered(rows: readonly Row[], { statuses, name, text, label, minutes }: Filter, now: number) {
  const [labelName = '', labelValue] = label.split('=', 2)
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const since = minutes === undefined ? 0 : now - minutes * 60_000
  const fits = (row: Row): boolean => {
    if (row.createdAt < since || (name !== '' && row.name !== name)) return false
    if (
      label !== '' &&
      !(
        row.labels &&
        Object.hasOwn(row.labels, labelName) &&
        (labelValue === undefined || row.labels[labelName] === labelValue)
      )
    )
      return false
    if (words.length === 0) return true
    const all = textOf(row)
    return words.every(word => all.includes(word))
  }
  const candidates = since === 0 && name === '' && label === '' && words.length === 0 ? rows : rows.filter(fits)
  const counts = new Map<ProcessStatus, number>()
  for (const { status } of candidates) counts.set(status, (counts.get(status) ?? 0) + 1)
  return {
    counts,
    all: candidates.length,
    shown: statuses.size === 0 ? candidates : candidates.filter(({ status }) => statuses.has(status)),
  }
}

const texts = new WeakMap<Row, string>()

function textOf(row: Row): string {
  let text = texts.get(row)
  if (text === undefined) {
    const labels = Object.entries(row.labels ?? {}).map(([label, value]) => `${label}=${value}`)
    text = [row.pid, row.name, row.status, row.step, row.error, row.key, row.host, row.progress?.message, ...labels]
      .filter(Boolean)
      .join(' ')
      .toLowerCase()
    texts.set(row, text)
  }
  return text
}

/** The pid of the process that tries this one again. */
export const retryIn = (view: Pick<StoreView, 'rows'>, pid: string): string | undefined =>
  view.rows.find(row => row.retryOf === pid)?.pid
