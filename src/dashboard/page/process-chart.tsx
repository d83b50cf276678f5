import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { flowOf } from '../../inspect/diagram/flow.ts'
import { layoutOf } from '../../inspect/diagram/flow-layout.ts'
import type { Progressed } from '../../inspect/diagram/chart-progress.ts'

/** The chart of a process, in the colours of its steps' statuses. */
export function ProcessChart({
  chart,
  progress,
}: {
  readonly chart: object
  readonly progress: Progressed
}): JSX.Element {
  const { id, layout } = useMemo(() => {
    const flow = flowOf(chart)
    return { id: flow.id, layout: layoutOf(flow) }
  }, [chart])
  const current = layout.steps.find(({ node }) => progress.isCurrent(node.name))?.node.name
  const classOf = (name: string): string => `${progress.statusOf(name)}${progress.isCurrent(name) ? ' current' : ''}`
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      width={layout.width}
      height={layout.height}
      role="img"
      aria-label={`Chart of ${id}${current === undefined ? '' : `, now in ${current}`}`}
    >
      <defs>
        {['tip', 'ftip', 'utip'].map(tip => (
          <marker key={tip} id={tip} viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path class={tip} d="M0 0L8 4L0 8z" />
          </marker>
        ))}
      </defs>
      {layout.arrows.map(({ kind, path, tip }) => (
        <path
          key={path}
          class={`arrow ${kind}`}
          d={path}
          marker-end={tip ? `url(#${kind === 'fail' ? 'ftip' : kind === 'undo' ? 'utip' : 'tip'})` : undefined}
        />
      ))}
      <circle class="start" cx={layout.start.x} cy={layout.start.y} r={layout.start.radius} />
      {layout.steps.map(({ node: { name }, x, y, width, height, notes }) => {
        const { spent, attempt = 0 } = progress.steps.get(name) ?? {}
        const below = [attempt > 1 && `attempt ${attempt}`, notes].filter(Boolean).join(' · ')
        const middle = y + height / 2
        return (
          <g key={name} class={classOf(name)}>
            <title>{name}</title>
            <rect class="box" x={x} y={y} width={width} height={height} rx={9} />
            <text class="name" x={x + 14} y={below ? middle - 3 : middle + 5}>
              {cut(name, width - 100, 14)}
            </text>
            {below && (
              <text class="notes" x={x + 14} y={middle + 15}>
                {cut(below, width - 24, 11.5)}
              </text>
            )}
            {spent !== undefined && (
              <text class="time" x={x + width - 12} y={below ? middle - 3 : middle + 5}>
                {spent}
              </text>
            )}
          </g>
        )
      })}
      {layout.ends.map(({ name, x, y, width, height }) => (
        <g key={name} class={classOf(name)}>
          <rect class="box" x={x} y={y} width={width} height={height} rx={15} />
          <text class="name end" x={x + width / 2} y={y + height / 2 + 4.5}>
            {name}
          </text>
        </g>
      ))}
    </svg>
  )
}

/** Cuts text to a width in pixels, estimated from the average width of a character. */
function cut(text: string, width: number, size: number): string {
  const most = Math.floor(width / (size * 0.56))
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}
