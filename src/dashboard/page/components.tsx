import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ErrorRecord, ProcessStatus, Progress, StepStatus } from '../protocol.ts'
import { Icon } from './icons.tsx'

export function Status({ status }: { readonly status: ProcessStatus | StepStatus }): JSX.Element {
  return (
    <span class={`status ${status}`}>
      <Icon status={status} />
      {status}
    </span>
  )
}

export function Bar({ progress, label }: { readonly progress: Progress; readonly label: string }): JSX.Element {
  const { value, total, message } = progress
  const text = total === undefined ? value.toLocaleString() : `${value.toLocaleString()} / ${total.toLocaleString()}`
  return (
    <span class="bar">
      {total !== undefined && total > 0 && <progress value={value} max={total} aria-label={label} />}
      <span class="bar-text">
        {text}
        {message !== undefined && ` · ${message}`}
      </span>
    </span>
  )
}

const LONGEST_JSON = 20_000

/** A value as indented JSON. It is inserted as text, never as markup. */
export function Json({ value, label }: { readonly value: unknown; readonly label: string }): JSX.Element {
  const [whole, setWhole] = useState(false)
  const [copied, setCopied] = useState(false)
  const text = value === undefined ? 'undefined' : JSON.stringify(value, null, 2)
  const shown = whole || text.length <= LONGEST_JSON ? text : `${text.slice(0, LONGEST_JSON)}\n…`
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <div class="json">
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>{shown}</code>
      </pre>
      <button type="button" class="quiet copy" onClick={() => void copy()}>
        {copied ? 'Copied' : 'Copy'}
      </button>
      {shown !== text && (
        <button type="button" class="quiet" onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString()} characters
        </button>
      )}
    </div>
  )
}

export function ErrorBox({ error }: { readonly error: ErrorRecord }): JSX.Element {
  const causes: ErrorRecord[] = []
  for (let cause = error.cause; cause && causes.length < 10; cause = cause.cause) causes.push(cause)
  return (
    <div class="error-box">
      <p>
        <strong>{error.name}</strong>
        {error.code !== undefined && <code class="code">{error.code}</code>}
      </p>
      <p class="message">{error.message}</p>
      {error.step !== undefined && (
        <p class="dim">
          in step {error.step}
          {error.attempt !== undefined && `, attempt ${error.attempt}`}
        </p>
      )}
      {error.stack !== undefined && <Stack of={error.stack} />}
      {causes.map((cause, index) => (
        <div key={index} class="cause">
          <p>
            <span class="dim">caused by</span> <strong>{cause.name}</strong>: {cause.message}
          </p>
          {cause.stack !== undefined && <Stack of={cause.stack} />}
        </div>
      ))}
    </div>
  )
}

function Stack({ of }: { readonly of: string }): JSX.Element {
  return (
    <details>
      <summary>Stack</summary>
      <pre tabIndex={0}>{of}</pre>
    </details>
  )
}

export function Panel({
  title,
  children,
  extra,
}: {
  readonly title: string
  readonly children: ComponentChildren
  readonly extra?: ComponentChildren
}): JSX.Element {
  return (
    <section class="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {extra}
      </header>
      {children}
    </section>
  )
}
