import { COLOURS, SHOWN } from './colours.ts'
import { FINISHED, type Flow, type FlowNode } from './flow.ts'
import type { Progressed } from './chart-progress.ts'

/** A flow as Mermaid text. With progress, it shows the current step and how long each step took. */
export function mermaid(flow: Flow, progress?: Progressed): string {
  const ids = idsOf(flow)
  const idOf = (name: string): string => ids.get(name) ?? name
  const lines = ['stateDiagram-v2']
  const undoable = flow.nodes.filter(({ undoes }) => undoes)
  for (const node of flow.nodes) lines.push(...stateLines(node, idOf(node.name), progress))
  lines.push(`[*] --> ${idOf(flow.nodes[0]?.name ?? FINISHED)}`)
  for (const { name, next } of flow.nodes) for (const to of next) lines.push(`${idOf(name)} --> ${idOf(to)}`)
  for (const { name, fails, back } of flow.nodes)
    if (fails && back !== name) lines.push(`${idOf(name)} --> ${back === undefined ? 'error' : idOf(back)}: fails`)
  for (const [index, { name, back }] of undoable.entries()) {
    const before = undoable[index - 1]
    // What fails goes the same way as what is undone.
    if (before === undefined || back === name)
      lines.push(`${idOf(name)} --> ${before === undefined ? 'error' : idOf(before.name)}: undone`)
  }
  lines.push(`${FINISHED} --> [*]`)
  if (flow.nodes.some(({ fails }) => fails)) lines.push('error --> [*]')
  lines.push(...classLines(flow, idOf, progress))
  return `${[lines[0], ...lines.slice(1).map(line => `  ${line}`)].join('\n')}\n`
}

/** Mermaid ids are words. Names that are words stay as they are. */
function idsOf({ nodes }: Flow): Map<string, string> {
  const ids = new Map<string, string>()
  const taken = new Set(['error', FINISHED, 'state', 'note', 'end', 'direction', 'class', 'classDef', 'default'])
  for (const { name } of nodes) {
    const word = name.replaceAll(/[^A-Za-z0-9]/g, '_')
    let id = word
    for (let count = 2; taken.has(id); count++) id = `${word}_${count}`
    taken.add(id)
    ids.set(name, id)
  }
  return ids
}

const quoted = (text: string): string => `"${text.replaceAll('"', "'").replaceAll(/[\n\r:;{}<>]/g, ' ')}"`

function stateLines(
  { name, kind, runs, retries, pauses, skippable, parts }: FlowNode,
  id: string,
  progress: Progressed | undefined,
): string[] {
  const took = progress?.steps.get(name)?.spent
  const what = kind === 'sleep' ? ' (sleeps)' : kind === 'interrupt' || pauses ? ' (waits for proceed)' : ''
  const inside = runs === undefined ? '' : ` (${runs})`
  const maybe = skippable ? ' (may be skipped)' : ''
  const label = `${name}${inside}${what}${maybe}${took === undefined ? '' : ` ${took}`}`
  const lines = label === id ? [] : [`state ${quoted(label)} as ${id}`]
  if (retries)
    lines.push(
      `state ${id} {`,
      `  state "attempting" as ${id}_attempting`,
      `  state "waiting" as ${id}_waiting`,
      `  ${id}_attempting --> ${id}_waiting: fails`,
      `  ${id}_waiting --> ${id}_attempting: retry`,
      '}',
    )
  else if (parts.length > 0)
    lines.push(
      `state ${id} {`,
      ...parts.flatMap((part, index) => [...(index > 0 ? ['  --'] : []), `  state ${quoted(part)} as ${id}_${index}`]),
      '}',
    )
  return lines
}

function classLines({ nodes }: Flow, idOf: (name: string) => string, progress: Progressed | undefined): string[] {
  if (!progress) return []
  const lines: string[] = []
  const names = [...nodes.map(({ name }) => name), FINISHED, 'error']
  for (const status of SHOWN) {
    const { fill, line } = COLOURS[status]
    const ids = names.filter(name => progress.statusOf(name) === status).map(idOf)
    // Mermaid draws for light backgrounds.
    if (ids.length > 0)
      lines.push(
        `classDef ${status} fill:${fill[0]},stroke:${line[0]},color:#17181c`,
        `class ${ids.join(',')} ${status}`,
      )
  }
  const current = names.filter(name => progress.isCurrent(name)).map(idOf)
  if (current.length > 0) lines.push('classDef current stroke-width:3px', `class ${current.join(',')} current`)
  return lines
}
