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
  /** The step that the process is in. */
  readonly current: string | undefined
}

/**
 * The error that ended the process, or that keeps it at its current step. Below it, every other
 * attempt that failed, each with its own error.
 */
export function ProcessFailures({ failures, final, current }: Props): JSX.Element | null {
  const newest = failures.at(-1)
  const open = newest?.step === current ? newest : undefined
  const shown = final ?? (open && { ...open.error, step: open.step, attempt: open.attempt })
  const others = failures.filter(({ step, attempt }) => shown?.step !== step || shown.attempt !== attempt).toReversed()
  if (!shown && others.length === 0) return null
  return (
    <Panel title={final ? 'Error' : shown ? 'Newest failure' : 'Failed attempts'}>
      {shown && <ErrorBox error={shown} />}
      {others.length > 0 && (
        <details class="attempts">
          <summary>
            {others.length} {shown && 'earlier '}
            {others.length === 1 ? 'attempt' : 'attempts'} failed
          </summary>
          <ol>
            {others.map(({ step, attempt, at, error }) => (
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
