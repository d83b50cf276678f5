import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { progressed } from '../../inspect/diagram/chart-progress.ts'
import type { Entry, LiveInfo, LogEntry, MemoryInfo, ProcessEvents, ProcessInfo, StreamPart } from '../protocol.ts'
import { useNow } from './use-now.ts'
import { Bar, Json, Panel, Status } from './components.tsx'
import { failedAttempts, stepsAt } from './entries.ts'
import { ProcessFacts } from './process-facts.tsx'
import { ProcessFailures } from './process-failures.tsx'
import { fullTime, seenUntil } from './format.ts'
import { Logs } from './logs.tsx'
import { Memories } from './memories.tsx'
import { ProcessActions } from './process-actions.tsx'
import { ProcessChart } from './process-chart.tsx'
import { href, replaceQuery } from './route.ts'
import { useFetched, useStream } from './server.ts'
import { retryIn, type StoreView } from './store-view.ts'
import { Stream, withParts } from './stream.tsx'
import { TimeTravel } from './time-travel.tsx'
import { Timeline } from './timeline.tsx'

/** A process as it was at one of its records. */
interface Then extends ProcessInfo {
  readonly data: unknown
  readonly event: Entry['event']
}

const MAX_LOGS = 2000
const MAX_MEMORIES = 2000
const MAX_PARTS = 5000
const UNDER_WAY: ReadonlySet<string> = new Set(['running', 'waiting', 'sleeping', 'interrupted'])

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
  const [parts, setParts] = useState<readonly StreamPart[]>([])
  const [memories, setMemories] = useState<readonly MemoryInfo[]>([])
  const [gone, setGone] = useState('')
  const base = `api/processes/${encodeURIComponent(pid)}`
  useStream<ProcessEvents>(`${base}/events`, {
    info: setInfo,
    chart: value => setChart(value as object | null),
    entries: ({ fresh, entries: more }) => setEntries(before => (fresh ? more : [...before, ...more])),
    logs: ({ fresh, logs: more }) => setLogs(before => (fresh ? more : [...before, ...more].slice(-MAX_LOGS))),
    stream: ({ fresh, parts: more }) => setParts(before => withParts(fresh ? [] : before, more, MAX_PARTS)),
    memories: ({ fresh, memories: more }) =>
      setMemories(before => (fresh ? more : [...before, ...more].slice(-MAX_MEMORIES))),
    gone: ({ message }) => setGone(message),
  })
  const ended = info?.endedAt !== undefined
  const ticking = useNow(info === undefined || ended ? Infinity : 200)
  // Input and output change with the status only.
  const { value: whole } = useFetched<ProcessInfo>(
    info && `${base}?status=${info.status}-${info.status === 'interrupted' ? info.revision : ''}`,
  )

  const wanted = query.get('record')
  const index = wanted === null ? -1 : entries.findIndex(({ revision }) => revision === Number(wanted))
  const then = index < 0 ? undefined : entries[index]
  const { value: record } = useFetched<Then>(then && `${base}/records/${then.revision}`)
  const seen = useMemo(() => (index < 0 ? entries : entries.slice(0, index + 1)), [entries, index])
  const shownSteps = useMemo(() => (info && then ? stepsAt(info, seen) : info?.steps), [info, then, seen])
  const failures = useMemo(() => failedAttempts(seen), [seen])
  const logsPanel = useMemo(() => <Logs logs={logs} live={!ended} />, [logs, ended])

  const streamPanel = useMemo(() => <Stream parts={parts} />, [parts])
  const memoriesPanel = useMemo(() => {
    const open = info?.steps.filter(({ status }) => status !== 'finished' && status !== 'skipped')
    const names = new Set(open?.map(({ name }) => name))
    return <Memories memories={memories.filter(({ step }) => names.has(step))} />
  }, [memories, info])

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
  const now = seenUntil(info, ticking)
  const at = then?.at ?? (ended ? Date.parse(info.endedAt) : now)
  const progress = progressed(then?.status ?? info.status, shownSteps, at)
  const travel = (to: number | undefined): void =>
    replaceQuery(`p/${encodeURIComponent(pid)}`, new URLSearchParams(to === undefined ? {} : { record: String(to) }))
  const active = info.steps.find(({ status }) => UNDER_WAY.has(status))
  const current = shownSteps.find(({ status }) => UNDER_WAY.has(status))?.name
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
            <a href={href('')}>Processes</a> /{' '}
            <a href={href('', new URLSearchParams({ name: info.name }))}>{info.name}</a>
          </p>
          <h1>
            {info.name} <Status status={info.status} />
          </h1>
          <p class="pid">
            <code>{pid}</code>
          </p>
        </div>
        <ProcessActions info={info} actions={view.state?.actions ?? []} retriedBy={retryIn(view, info.pid)} />
      </header>
      <ProcessFacts info={info} now={now} view={view} />
      {active?.progress && <Bar progress={active.progress} label={`Progress of ${active.name}`} />}
      <TimeTravel entries={entries} index={index} onTravel={travel} />
      <div class="columns">
        <Panel title="Chart" extra={then && <span class="dim">as it was</span>}>
          {chart ? (
            <ProcessChart chart={chart} progress={progress} />
          ) : (
            <p class="dim">The store has no chart of this definition, because its host was older.</p>
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
            </Panel>
          )}
          <Panel title="Timeline">
            <Timeline names={info.steps.map(({ name }) => name)} entries={entries} status={info.status} now={now} />
          </Panel>
          <ProcessFailures failures={failures} final={then ? record?.error : info.error} current={current} />
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
          {streamPanel}
          {memoriesPanel}
          {logsPanel}
        </div>
      </div>
    </main>
  )
}
