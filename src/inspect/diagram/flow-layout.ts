import { FINISHED, type Flow, type FlowNode } from './flow.ts'

export interface Placed {
  readonly node: FlowNode
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** Its special traits, in a few words. */
  readonly notes: string
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly start: { readonly x: number; readonly y: number; readonly radius: number }
  readonly steps: readonly Placed[]
  readonly ends: readonly {
    readonly name: string
    readonly x: number
    readonly y: number
    readonly width: number
    readonly height: number
  }[]
  readonly arrows: readonly {
    readonly path: string
    readonly kind: 'next' | 'skip' | 'fail' | 'undo'
    readonly from: string
    readonly to: string
    readonly tip: boolean
  }[]
}

/** In pixels of the unscaled drawing. */
const STEP = { width: 248, height: 52, gap: 26 }
const MARGIN = 8
const RAIL = { left: 12, right: 20, bend: 8, back: 18 }
const START = { radius: 7, gap: 22 }
const END = { width: 92, height: 30, gap: 12 }

function notesOf({ kind, runs, retries, pauses, skippable, parts, undoes }: FlowNode): string {
  return [
    kind === 'sleep' && 'sleeps',
    kind === 'interrupt' && 'waits for proceed',
    runs,
    parts.length > 0 && parts.join(', '),
    retries && 'retries',
    pauses && 'then waits for proceed',
    skippable && 'may be skipped',
    undoes && 'can be undone',
  ]
    .filter(Boolean)
    .join(' · ')
}

/**
 * Places the steps of a flow in a column. Arrows to `error`, and back to what is undone before that,
 * run along the right, jumps over steps along the left.
 */
export function layoutOf({ nodes }: Flow): Layout {
  const jumps = nodes.some(({ next }, index) => next.some(name => name !== (nodes[index + 1]?.name ?? FINISHED)))
  const left = jumps ? RAIL.left + 22 : MARGIN
  const centre = left + STEP.width / 2
  const start = { x: centre, y: MARGIN + START.radius, radius: START.radius }
  const top = start.y + START.radius + START.gap
  const steps = nodes.map((node, index): Placed => ({
    node,
    x: left,
    y: top + index * (STEP.height + STEP.gap),
    width: STEP.width,
    height: STEP.height,
    notes: notesOf(node),
  }))
  const endY = top + nodes.length * (STEP.height + STEP.gap)
  const finished = { name: FINISHED, x: centre - END.width / 2, y: endY, ...sizeOfEnd }
  const rail = left + STEP.width + RAIL.right
  const undoable = steps.filter(({ node }) => node.undoes)
  // What fails after a step that can be undone comes to its end by way of that.
  const failing = steps.filter(({ node }) => node === undoable[0]?.node || (node.fails && node.back === undefined))
  const error = { name: 'error', x: rail - END.width / 2, y: endY + END.height + END.gap, ...sizeOfEnd }
  const byName = new Map(steps.map(step => [step.node.name, step]))
  const arrows: Layout['arrows'][number][] = []
  const firstY = steps[0]?.y ?? endY
  arrows.push({
    kind: 'next',
    from: 'start',
    to: nodes[0]?.name ?? FINISHED,
    tip: true,
    path: `M${centre} ${start.y + START.radius}V${firstY}`,
  })
  for (const [index, step] of steps.entries())
    for (const name of step.node.next) {
      const target = byName.get(name)
      const below = steps[index + 1]
      const y = target?.y ?? endY
      if (target === below || (name === FINISHED && below === undefined))
        arrows.push({
          kind: 'next',
          from: step.node.name,
          to: name,
          tip: true,
          path: `M${centre} ${step.y + STEP.height}V${y}`,
        })
      else
        arrows.push({
          kind: 'skip',
          from: step.node.name,
          to: name,
          tip: true,
          path: aside(
            left,
            step.y + STEP.height / 2,
            y + (target ? STEP.height : END.height) / 2,
            target ? left : finished.x,
          ),
        })
    }
  for (const step of failing) {
    const y = step.y + STEP.height / 2
    const first = step === failing[0]
    const down = first ? `V${error.y}` : ''
    arrows.push({
      kind: 'fail',
      from: step.node.name,
      to: 'error',
      tip: first,
      path: `M${left + STEP.width} ${y}H${rail - RAIL.bend}Q${rail} ${y} ${rail} ${y + RAIL.bend}${down}`,
    })
  }
  const right = left + STEP.width
  const back = (from: Placed, to: Placed): void => {
    const [y, up] = [from.y + STEP.height / 2 - 8, to.y + STEP.height / 2 + 8]
    const [x, bend] = [rail + RAIL.back, RAIL.bend]
    const path = `M${right} ${y}H${x - bend}Q${x} ${y} ${x} ${y - bend}V${up + bend}Q${x} ${up} ${x - bend} ${up}H${right}`
    arrows.push({ kind: 'undo', from: from.node.name, to: to.node.name, tip: true, path })
  }
  for (const step of steps) {
    const target = step.node.back === undefined ? undefined : byName.get(step.node.back)
    if (target !== undefined && target !== step) back(step, target)
  }
  for (const [index, step] of undoable.entries()) {
    const before = undoable[index - 1]
    if (before !== undefined && step.node.back === step.node.name) back(step, before)
  }
  const ends = failing.length > 0 ? [finished, error] : [finished]
  const last = ends.at(-1)!
  return {
    width: (failing.length > 0 ? rail + END.width / 2 : left + STEP.width) + MARGIN,
    height: last.y + END.height + MARGIN,
    start,
    steps,
    ends,
    arrows,
  }
}

const sizeOfEnd = { width: END.width, height: END.height }

/** A path from the left side of one step to the left side of another. */
function aside(left: number, from: number, to: number, x: number): string {
  const rail = RAIL.left
  const bend = to > from ? RAIL.bend : -RAIL.bend
  return `M${left} ${from}H${rail + RAIL.bend}Q${rail} ${from} ${rail} ${from + bend}V${to - bend}Q${rail} ${to} ${rail + RAIL.bend} ${to}H${x}`
}
