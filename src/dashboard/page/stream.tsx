import type { JSX } from 'preact'
import type { StreamPart } from '../protocol.ts'
import { Panel } from './components.tsx'

/** What the steps write, with the chunks of attempts that were reset left out. */
export function Stream({ parts }: { readonly parts: readonly StreamPart[] }): JSX.Element | null {
  if (parts.length === 0) return null
  const count = parts.length.toLocaleString()
  return (
    <Panel
      title="Stream"
      extra={<span class="dim log-count">{parts.length === 1 ? '1 chunk' : `${count} chunks`}</span>}
    >
      <pre class="logs stream" role="log" aria-label="Stream" tabIndex={0}>
        {parts.map(({ chunk }) => (typeof chunk === 'string' ? chunk : `${JSON.stringify(chunk)}\n`)).join('')}
      </pre>
    </Panel>
  )
}

/** The parts that count after these have come too. */
export function withParts(before: readonly StreamPart[], more: readonly StreamPart[], most: number): StreamPart[] {
  let parts = [...before]
  for (const part of more) {
    if (part.reset)
      parts = parts.filter(one => one.step !== part.step || one.item !== part.item || one.once !== part.once)
    else parts.push(part)
  }
  return parts.slice(-most)
}
