import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Entry } from '../protocol.ts'

/** A slider through the transitions of a process. */
export function TimeTravel({
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
    // Waits until the slider rests, so that not every record on the way is fetched.
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
