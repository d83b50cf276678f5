import type { JSX } from 'preact'
import type { MemoryInfo } from '../protocol.ts'
import { Panel } from './components.tsx'
import { duration, fullTime } from './format.ts'

/** Only the newest of more are drawn. */
const MAX_DRAWN = 200

/** What the steps that have not ended remember, newest last. */
export function Memories({ memories }: { readonly memories: readonly MemoryInfo[] }): JSX.Element | null {
  if (memories.length === 0) return null
  const drawn = memories.slice(-MAX_DRAWN)
  return (
    <Panel title="Done once" extra={<span class="dim log-count">{memories.length.toLocaleString()} remembered</span>}>
      <ol class="logs memories" aria-label="Done once" tabIndex={0}>
        {drawn.map(({ step, item, name, at, ms }, index) => (
          <li key={memories.length - drawn.length + index}>
            <time dateTime={at}>{fullTime(Date.parse(at))}</time>{' '}
            <span class="log-step">{item === undefined ? step : `${step} ${item}`}</span> {name}{' '}
            {ms !== undefined && <code>{duration(ms)}</code>}
          </li>
        ))}
      </ol>
    </Panel>
  )
}
