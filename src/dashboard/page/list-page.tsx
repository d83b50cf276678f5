import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { HostRow, Row } from '../protocol.ts'
import { Empty } from './empty-page.tsx'
import { STATUSES, count, duration, fullTime, when } from './format.ts'
import { Icon } from './icons.tsx'
import { useNow } from './use-now.ts'
import { Bar, Status } from './components.tsx'
import { processHref, replaceQuery } from './route.ts'
import { useVisible } from './visible.ts'
import { filtered, filterOf, type StoreView } from './store-view.ts'

const TIMES = [
  [15, '15 minutes'],
  [60, 'hour'],
  [1440, '24 hours'],
  [10_080, '7 days'],
] as const
const WIDE = matchMedia('(min-width: 760px)')

export function List({ view, query }: { readonly view: StoreView; readonly query: URLSearchParams }): JSX.Element {
  const { rows, state, hosts } = view
  const now = useNow(1000)
  const filter = useMemo(() => filterOf(query), [query])
  const { counts, all, shown } = filtered(rows, filter, now)
  const names = useMemo(
    () => [...new Set([...rows.map(({ name }) => name), ...(state?.definitions ?? [])])].toSorted(),
    [rows, state],
  )
  const search = useRef<HTMLInputElement>(null)
  const set = (name: string, values: readonly string[]): void => {
    const changed = new URLSearchParams(query)
    changed.delete(name)
    for (const value of values) if (value !== '') changed.append(name, value)
    replaceQuery('', changed)
  }
  const toggle = (status: string): void =>
    set(
      'status',
      filter.statuses.has(status) ? [...filter.statuses].filter(one => one !== status) : [...filter.statuses, status],
    )
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement)
        return
      event.preventDefault()
      search.current?.focus()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
  if (state && (state.missing || (state.loaded && rows.length === 0))) return <Empty state={state} />
  return (
    <main class="list-page">
      <h1 class="unseen">Processes</h1>
      <div class="statuses" role="group" aria-label="Filter by status">
        <button type="button" aria-pressed={filter.statuses.size === 0} onClick={() => set('status', [])}>
          All <b>{count(all)}</b>
        </button>
        {STATUSES.map(status => (
          <button
            key={status}
            type="button"
            class={`status ${status} ${counts.has(status) ? '' : 'zero'}`}
            aria-pressed={filter.statuses.has(status)}
            onClick={() => toggle(status)}
          >
            <Icon status={status} />
            {status} <b>{count(counts.get(status) ?? 0)}</b>
          </button>
        ))}
      </div>
      <form class="filters" role="search" onSubmit={event => event.preventDefault()}>
        <input
          ref={search}
          type="search"
          placeholder="Search pid, step, error, label …  ( / )"
          aria-label="Search"
          value={filter.text}
          onInput={event => set('q', [event.currentTarget.value])}
        />
        <select
          aria-label="Definition"
          value={filter.name}
          onChange={event => set('name', [event.currentTarget.value])}
        >
          <option value="">All definitions</option>
          {names.map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <input
          type="text"
          placeholder="label=value"
          aria-label="Label"
          value={filter.label}
          onInput={event => set('label', [event.currentTarget.value])}
        />
        <select
          aria-label="Created"
          value={String(filter.minutes ?? '')}
          onChange={event => set('since', [event.currentTarget.value])}
        >
          <option value="">Any time</option>
          {TIMES.map(([minutes, text]) => (
            <option key={minutes} value={minutes}>
              Last {text}
            </option>
          ))}
        </select>
      </form>
      {state?.capped && (
        <p class="note">
          Only the newest {count(rows.length)} processes are shown. <code>stepwright list</code> shows the others.
        </p>
      )}
      <Table rows={shown} hosts={hosts} now={now} loading={!state?.loaded} />
    </main>
  )
}

interface TableProps {
  readonly rows: readonly Row[]
  readonly hosts: readonly HostRow[]
  readonly now: number
  readonly loading: boolean
}

/** Draws only the visible rows. */
function Table({ rows, hosts, now, loading }: TableProps): JSX.Element {
  const [wide, setWide] = useState(WIDE.matches)
  const rowHeight = wide ? 45 : 72
  const states = useMemo(() => new Map(hosts.map(({ id, state }) => [id, state])), [hosts])
  useEffect(() => {
    const changed = (): void => setWide(WIDE.matches)
    WIDE.addEventListener('change', changed)
    return () => WIDE.removeEventListener('change', changed)
  }, [])
  const { box, first, last, onScroll } = useVisible(rows.length, rowHeight)
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key]
    const links = [...(box.current?.querySelectorAll<HTMLAnchorElement>('a.row-link') ?? [])]
    const at = links.indexOf(document.activeElement as HTMLAnchorElement)
    if (by === undefined || at < 0) return
    event.preventDefault()
    links[at + by]?.focus()
  }
  return (
    <div class="table" role="table" aria-label="Processes" aria-rowcount={rows.length + 1} aria-busy={loading}>
      <div role="rowgroup" class="head">
        <div role="row" class="row" aria-rowindex={1}>
          {['Status', 'Process', 'Step', 'Created', 'Took'].map(title => (
            <span key={title} role="columnheader">
              {title}
            </span>
          ))}
        </div>
      </div>
      <div ref={box} role="rowgroup" class="body" onScroll={onScroll} onKeyDown={move}>
        <div class="space" role="presentation" style={{ height: `${rows.length * rowHeight}px` }}>
          {rows.slice(first, last).map((row, index) => (
            <RowView
              key={row.pid}
              row={row}
              now={now}
              host={row.host === undefined ? undefined : states.get(row.host)}
              index={first + index}
              top={(first + index) * rowHeight}
              height={rowHeight}
            />
          ))}
        </div>
        {rows.length === 0 && <p class="nothing">{loading ? 'Loading …' : 'No process matches the filters.'}</p>}
      </div>
    </div>
  )
}

interface RowProps {
  readonly row: Row
  readonly now: number
  readonly host: HostRow['state'] | undefined
  readonly index: number
  readonly top: number
  readonly height: number
}

const ENDED: ReadonlySet<string> = new Set(['finished', 'error', 'timeout', 'cancelled'])

function RowView({ row, now, host, index, top, height }: RowProps): JSX.Element {
  const { pid, name, status, step, done, total, progress, labels, error, createdAt, startedAt, at } = row
  const ended = ENDED.has(status)
  // The time stops at the last record, since nobody knows what has happened after it.
  const isLost = host === undefined || host === 'dead'
  const trouble =
    !ended && status !== 'pending' && host !== 'alive'
      ? row.host === undefined
        ? 'no host'
        : `host ${host ?? 'gone'}`
      : undefined
  return (
    <div
      role="row"
      class="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${top}px)`, height: `${height}px` }}
    >
      <span role="cell" class="c-status">
        <Status status={status} />
      </span>
      <span role="cell" class="c-name">
        <a class="row-link" href={processHref(pid)} title={name}>
          {name}
        </a>{' '}
        <code class="pid">{pid}</code>
        {labels && (
          <span class="labels">
            {Object.entries(labels).map(([label, value]) => (
              <span key={label} class="label">
                {label}={value}
              </span>
            ))}
          </span>
        )}
      </span>
      <span role="cell" class="c-step">
        {ended ? (
          error === undefined ? (
            <span class="dim">
              {total} {total === 1 ? 'step' : 'steps'}
            </span>
          ) : (
            <span class={status === 'cancelled' ? 'dim' : 'error-text'} title={error}>
              {step !== undefined && `${step}: `}
              {error}
            </span>
          )
        ) : (
          <>
            <span class="step-name">
              {step ?? (status !== 'pending' ? '' : row.host === undefined ? 'waits for a host' : 'waits for a slot')}
            </span>{' '}
            <span class="dim">
              {done}/{total}
            </span>
            {progress && <Bar progress={progress} label={`Progress of ${step ?? name}`} />}
            {trouble !== undefined && <span class="trouble">{trouble}</span>}
          </>
        )}
      </span>
      <span role="cell" class="c-time">
        <time dateTime={new Date(createdAt).toISOString()} title={fullTime(createdAt)}>
          {when(createdAt, now)}
        </time>
      </span>
      <span role="cell" class="c-took">
        {startedAt === undefined ? '' : duration((ended || isLost ? at : now) - startedAt)}
      </span>
    </div>
  )
}
