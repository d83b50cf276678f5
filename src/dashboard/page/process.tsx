import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { progressed, type StepState } from '../../inspect/diagram/progress.ts'
import type { Entry, ErrorRecord, LiveInfo, LogEntry, ProcessEvents, ProcessInfo } from '../model.ts'
import { Actions } from './actions.tsx'
import { Chart } from './chart.tsx'
import { count, duration, fullTime } from './format.ts'
import { useFetched, useNow, useStream } from './live.ts'
import { Logs } from './logs.tsx'
import { Bar, ErrorBox, Json, Panel, Status } from './parts.tsx'
import { href, processHref, replaceQuery } from './route.ts'
import type { StoreView } from './rows.ts'
import { Timeline } from './timeline.tsx'

interface Then extends ProcessInfo {
  readonly data: unknown
  readonly event: Entry['event']
}

const MAX_LOGS = 2000

interface Props {
  readonly pid: string
  readonly view: StoreView
  readonly query: URLSearchParams
}

export function ProcessPage({ pid, view, query }: Props): JSX.Element {
  const [info, setInfo] = useState<LiveInfo>()
  const [chart, setChart] = useState<object | null>(null)
  const [entries, setEntries] = useState<readonly Entry[]>([])
  const [logs, setLogs] = useState<readonly LogEntry[]>([])
  const [gone, setGone] = useState('')
  const base = `api/processes/${encodeURIComponent(pid)}`
  useStream<ProcessEvents>(`${base}/events`, {
    info: setInfo,
    chart: value => setChart(value as object | null),
    entries: ({ fresh, entries: more }) => setEntries(before => (fresh ? more : [...before, ...more])),
    logs: ({ fresh, logs: more }) => setLogs(before => (fresh ? more : [...before, ...more].slice(-MAX_LOGS))),
    gone: ({ message }) => setGone(message),
  })
  const ended = info?.endedAt !== undefined
  const now = useNow(info === undefined || ended ? Infinity : 200)
  // Input and output change with the status only.
  const { value: whole } = useFetched<ProcessInfo>(
    info && `${base}?status=${info.status}-${info.status === 'interrupted' ? info.revision : ''}`,
  )

  const wanted = query.get('record')
  const index = wanted === null ? -1 : entries.findIndex(({ revision }) => revision === Number(wanted))
  const then = index < 0 ? undefined : entries[index]
  const { value: record } = useFetched<Then>(then && `${base}/records/${then.revision}`)
  const shownSteps = useMemo(() => (info && then ? stepsAt(info, entries.slice(0, index + 1)) : info?.steps), [info, entries, index])

  if (gone !== '' && !info)
    return (
      <main class="empty">
        <h1>This process is not there</h1>
        <p>{gone}</p>
        <p>
          <a href={href('')}>All processes</a>
        </p>
      </main>
    )
  if (!info || !shownSteps)
    return (
      <main class="process-page">
        <p class="nothing">Loading …</p>
      </main>
    )
  const at = then?.at ?? (ended ? Date.parse(info.endedAt) : now)
  const progress = progressed(then?.status ?? info.status, shownSteps, at)
  const travel = (to: number | undefined): void =>
    replaceQuery(`p/${encodeURIComponent(pid)}`, new URLSearchParams(to === undefined ? {} : { record: String(to) }))
  const active = info.steps.find(({ status }) => ['running', 'waiting', 'sleeping', 'interrupted'].includes(status))
  const error: ErrorRecord | undefined = info.error ?? active?.error
  return (
    <main class="process-page">
      {gone !== '' && (
        <p class="banner" role="alert">
          {gone}
        </p>
      )}
      <header class="process-head">
        <div>
          <p class="crumb">
            <a href={href('')}>Processes</a> / <a href={href('', new URLSearchParams({ name: info.name }))}>{info.name}</a>
          </p>
          <h1>
            {info.name} <Status status={info.status} />
          </h1>
          <p class="pid">
            <code>{pid}</code>
          </p>
        </div>
        <Actions info={info} actions={view.state?.actions ?? []} />
      </header>
      <Facts info={info} now={now} view={view} />
      {active?.progress && <Bar progress={active.progress} label={`Progress of ${active.name}`} />}
      <Travel entries={entries} index={index} onTravel={travel} />
      <div class="columns">
        <Panel title="Chart" extra={then && <span class="dim">as it was</span>}>
          {chart ? (
            <Chart chart={chart} progress={progress} />
          ) : (
            <p class="dim">The store has no chart of this definition: its host was older.</p>
          )}
        </Panel>
        <div class="stack">
          {then && (
            <Panel
              title={`Record ${then.revision}: ${then.event.type}${then.event.step === undefined ? '' : ` of ${then.event.step}`}`}
              extra={
                <button type="button" class="quiet" onClick={() => travel(undefined)}>
                  Back to now
                </button>
              }
            >
              <p>
                <Status status={then.status} /> <time>{fullTime(then.at)}</time>
              </p>
              {record ? <Json value={record.data} label="Data at this record" /> : <p class="dim">Loading …</p>}
              {record?.error && <ErrorBox error={record.error} />}
            </Panel>
          )}
          <Panel title="Timeline">
            <Timeline names={info.steps.map(({ name }) => name)} entries={entries} ended={ended} now={now} />
          </Panel>
          {error && (
            <Panel title={info.error ? 'Error' : 'Newest failure'}>
              <ErrorBox error={error} />
            </Panel>
          )}
          {whole && 'output' in whole && (
            <Panel title={info.status === 'interrupted' ? 'Output so far' : 'Output'}>
              <Json value={whole.output} label="Output" />
            </Panel>
          )}
          {whole && (
            <Panel title="Input">
              <Json value={whole.input} label="Input" />
            </Panel>
          )}
          <Logs logs={logs} live={!ended} />
        </div>
      </div>
    </main>
  )
}

/** Steps as they were after the last of these records. */
function stepsAt({ steps }: LiveInfo, entries: readonly Entry[]): StepState[] {
  return steps.map(({ name }) => {
    const changes = entries.flatMap(entry => entry.steps.filter(step => step.name === name).map(step => ({ ...step, at: entry.at })))
    const last = changes.at(-1)
    if (!last) return { name, status: 'pending', attempt: 0 }
    const over = ['finished', 'skipped', 'error'].includes(last.status)
    return {
      name,
      status: last.status,
      attempt: last.attempt,
      startedAt: new Date(changes[0]!.at).toISOString(),
      ...(over && { endedAt: new Date(last.at).toISOString() }),
    }
  })
}

function Facts({ info, now, view }: { readonly info: LiveInfo; readonly now: number; readonly view: StoreView }): JSX.Element {
  const { createdAt, startedAt, endedAt, deadline, host, labels, key, recoveries, revision, version, parent, forkedFrom, status } = info
  const children = useMemo(() => view.rows.filter(row => row.parent === info.pid), [view.rows, info.pid])
  const fact = (name: string, value: ComponentChildren): JSX.Element => (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
  const time = (iso: string): JSX.Element => <time dateTime={iso}>{fullTime(Date.parse(iso))}</time>
  const until = info.steps.find(step => step.until !== undefined)?.until
  return (
    <dl class="facts">
      {fact('Created', time(createdAt))}
      {startedAt !== undefined &&
        fact(endedAt === undefined ? 'For' : 'Took', duration((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt)))}
      {endedAt !== undefined && fact('Ended', time(endedAt))}
      {endedAt === undefined &&
        until !== undefined &&
        fact(status === 'interrupted' ? 'Times out' : 'Goes on', <>in {duration(Date.parse(until) - now)}</>)}
      {endedAt === undefined && deadline !== undefined && fact('Deadline', <>in {duration(Date.parse(deadline) - now)}</>)}
      {endedAt === undefined &&
        fact(
          'Host',
          host ? (
            <>
              <code>{host.id}</code> <span class={`host-state ${host.state}`}>{host.state}</span>
            </>
          ) : (
            'waits for one'
          ),
        )}
      {fact('Version', version)}
      {recoveries > 0 && fact('Recoveries', recoveries)}
      {fact('Records', count(revision))}
      {key !== undefined && fact('Key', <code>{key}</code>)}
      {labels &&
        Object.keys(labels).length > 0 &&
        fact(
          'Labels',
          Object.entries(labels).map(([label, value]) => (
            <a key={label} class="label" href={href('', new URLSearchParams({ label: `${label}=${value}` }))}>
              {label}={value}
            </a>
          )),
        )}
      {parent &&
        fact(
          'Parent',
          <a href={processHref(parent.pid)}>
            <code>{parent.pid}</code>
          </a>,
        )}
      {forkedFrom &&
        fact(
          'Fork of',
          <>
            <a href={processHref(forkedFrom.pid)}>
              <code>{forkedFrom.pid}</code>
            </a>
            {forkedFrom.step !== undefined && ` from ${forkedFrom.step}`}
          </>,
        )}
      {children.length > 0 &&
        fact(
          'Children',
          <ul class="children">
            {children.slice(0, 50).map(row => (
              <li key={row.pid}>
                <a href={processHref(row.pid)}>{row.name}</a> <Status status={row.status} />
              </li>
            ))}
          </ul>,
        )}
    </dl>
  )
}

function Travel({
  entries,
  index,
  onTravel,
}: {
  readonly entries: readonly Entry[]
  readonly index: number
  readonly onTravel: (revision: number | undefined) => void
}): JSX.Element | null {
  const last = entries.length - 1
  const [dragged, setDragged] = useState<number>()
  useEffect(() => {
    if (dragged === undefined) return undefined
    // While it is dragged not every record on the way is asked for.
    const timer = setTimeout(() => {
      onTravel(dragged >= last ? undefined : entries[dragged]?.revision)
      setDragged(undefined)
    }, 60)
    return () => clearTimeout(timer)
  }, [dragged])
  if (last < 1) return null
  const shown = dragged ?? (index < 0 ? last : index)
  const entry = entries[shown]
  return (
    <div class="travel">
      <label for="travel">Through time</label>
      <input
        id="travel"
        type="range"
        min={0}
        max={last}
        value={shown}
        aria-valuetext={entry && `Record ${entry.revision}, ${entry.event.type}`}
        onInput={event => setDragged(Number(event.currentTarget.value))}
      />
      <output>
        {shown === last && index < 0 ? 'now' : `${shown + 1} of ${last + 1}`}
        {entry && (
          <span class="dim">
            {' '}
            · {entry.event.type}
            {entry.event.step !== undefined && ` ${entry.event.step}`}
          </span>
        )}
      </output>
    </div>
  )
}
