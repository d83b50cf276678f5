import type { JSX } from 'preact'
import type { ErrorRecord } from '../protocol.ts'
import { ErrorBox, Panel } from './components.tsx'
import type { FailedAttempt } from './entries.ts'
import { fullTime } from './format.ts'

interface Props {
  /** Oldest first. */
  readonly failures: readonly FailedAttempt[]
  /** The error that ended the process. */
  readonly final: ErrorRecord | undefined
}

/**
 * The final or newest error, and below it every earlier attempt that failed, each with its own
 * error.
 */
export function Failures({ failures, final }: Props): JSX.Element | null {
  const newest = failures.at(-1)
  const shown = final ?? newest?.error
  if (!shown) return null
  const isLast = (one: FailedAttempt): boolean => one === newest && (!final || (final.step === one.step && final.attempt === one.attempt))
  const earlier = failures.filter(one => !isLast(one)).toReversed()
  return (
    <Panel title={final ? 'Error' : 'Newest failure'}>
      <ErrorBox error={final || !newest ? shown : { ...shown, step: newest.step, attempt: newest.attempt }} />
      {earlier.length > 0 && (
        <details class="attempts">
          <summary>{earlier.length === 1 ? 'An earlier attempt' : `${earlier.length} earlier attempts`} failed</summary>
          <ol>
            {earlier.map(({ step, attempt, at, error }) => (
              <li key={`${step} ${attempt} ${at}`}>
                <p class="dim">
                  {step}, attempt {attempt}, <time dateTime={new Date(at).toISOString()}>{fullTime(at)}</time>
                </p>
                <ErrorBox error={error} />
              </li>
            ))}
          </ol>
        </details>
      )}
    </Panel>
  )
}
