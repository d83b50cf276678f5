import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { LogEntry } from '../protocol.ts'
import { Json, Panel } from './components.tsx'
import { when } from './format.ts'
import { useVisible } from './visible.ts'

/** In pixels, as in styles/logs.css. */
const LINE_HEIGHT = 20

const wordsOf = (text: string): string[] => text.toLowerCase().split(/\s+/).filter(Boolean)

const texts = new WeakMap<LogEntry, string>()

function textOf(entry: LogEntry): string {
  let text = texts.get(entry)
  if (text === undefined) {
    const { step, message, fields } = entry
    text = `${step} ${message} ${fields === undefined ? '' : JSON.stringify(fields)}`.toLowerCase()
    texts.set(entry, text)
  }
  return text
}

export function Logs({ logs, live }: { readonly logs: readonly LogEntry[]; readonly live: boolean }): JSX.Element {
  const [search, setSearch] = useState('')
  const [open, setOpen] = useState<LogEntry>()
  const follows = useRef(true)
  const shown = useMemo(() => {
    const words = wordsOf(search)
    return words.length === 0 ? logs : logs.filter(entry => words.every(word => textOf(entry).includes(word)))
  }, [logs, search])
  const { box, first, last, onScroll } = useVisible(shown.length, LINE_HEIGHT)
  useEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [shown])
  if (logs.length === 0)
    return (
      <Panel title="Logs">
        <p class="dim">
          {live ? 'Nothing yet. What steps report with log() appears here.' : 'The steps logged nothing.'}
        </p>
      </Panel>
    )
  const count = logs.length.toLocaleString()
  return (
    <Panel
      title="Logs"
      extra={
        <>
          <span class="dim log-count">
            {shown === logs ? `${count} lines` : `${shown.length.toLocaleString()} of ${count} lines`}
          </span>
          <input
            type="search"
            placeholder="Search logs …"
            aria-label="Search logs"
            value={search}
            onInput={event => setSearch(event.currentTarget.value)}
          />
        </>
      }
    >
      <div
        ref={box}
        class="logs"
        role="log"
        aria-label="Logs"
        tabIndex={0}
        onScroll={event => {
          const { scrollTop, clientHeight, scrollHeight } = event.currentTarget
          follows.current = scrollTop + clientHeight > scrollHeight - LINE_HEIGHT
          onScroll(event)
        }}
      >
        <div style={{ height: `${shown.length * LINE_HEIGHT}px` }}>
          <div style={{ transform: `translateY(${first * LINE_HEIGHT}px)` }}>
            {shown.slice(first, last).map((entry, index) => (
              <Line key={first + index} entry={entry} onOpen={setOpen} />
            ))}
          </div>
        </div>
      </div>
      {open ? (
        <div class="log-entry">
          <button type="button" class="quiet" onClick={() => setOpen(undefined)}>
            Close
          </button>
          <p>{open.message}</p>
          {open.fields !== undefined && <Json value={open.fields} label="Fields of the log entry" />}
        </div>
      ) : (
        <p class="dim log-hint">Click a line to see all of it.</p>
      )}
    </Panel>
  )
}

interface LineProps {
  readonly entry: LogEntry
  readonly onOpen: (entry: LogEntry) => void
}

function Line({ entry, onOpen }: LineProps): JSX.Element {
  const { at, step, attempt, message, fields } = entry
  return (
    <p onClick={() => onOpen(entry)}>
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
