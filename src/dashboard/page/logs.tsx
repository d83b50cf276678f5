import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { LogEntry } from '../model.ts'
import { when } from './format.ts'
import { Panel } from './parts.tsx'

export function Logs({ logs, live }: { readonly logs: readonly LogEntry[]; readonly live: boolean }): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  useEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [logs])
  return (
    <Panel title="Logs" extra={<span class="dim">{logs.length === 0 ? '' : `${logs.length.toLocaleString()} lines`}</span>}>
      {logs.length === 0 ? (
        <p class="dim">{live ? 'Nothing yet. What steps say with log() appears here.' : 'The steps said nothing.'}</p>
      ) : (
        <div
          ref={box}
          class="logs"
          role="log"
          aria-label="Logs"
          tabIndex={0}
          onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
            follows.current = scrollTop + clientHeight > scrollHeight - 30
          }}
        >
          {logs.map((entry, index) => (
            <Line key={index} entry={entry} />
          ))}
        </div>
      )}
    </Panel>
  )
}

function Line({ entry: { at, step, attempt, message, fields } }: { readonly entry: LogEntry }): JSX.Element {
  return (
    <p>
      <time dateTime={new Date(at).toISOString()}>{when(at, Date.now())}</time>{' '}
      <span class="log-step">
        {step}
        {attempt > 1 && ` #${attempt}`}
      </span>{' '}
      {message}
      {fields !== undefined && <code> {JSON.stringify(fields)}</code>}
    </p>
  )
}
