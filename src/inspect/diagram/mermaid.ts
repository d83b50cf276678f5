import { FINISHED, type Flow, type FlowNode } from './flow.ts'
import type { Progressed } from './progress.ts'

/** Mermaid text of a flow; with a process, where it is and how long each step took. */
export function mermaid(flow: Flow, progress?: Progressed): string {
  const ids = idsOf(flow)
  const idOf = (name: string): string => ids.get(name) ?? name
  const lines = ['stateDiagram-v2']
  for (const node of flow.nodes) lines.push(...stateLines(node, idOf(node.name), progress))
  lines.push(`[*] --> ${idOf(flow.nodes[0]?.name ?? FINISHED)}`)
  for (const { name, next } of flow.nodes) for (const to of next) lines.push(`${idOf(name)} --> ${idOf(to)}`)
  for (const { name, fails } of flow.nodes) if (fails) lines.push(`${idOf(name)} --> error: fails`)
  lines.push(`${FINISHED} --> [*]`)
  if (flow.nodes.some(({ fails }) => fails)) lines.push('error --> [*]')
  lines.push(...classLines(flow, idOf, progress))
  return `${[lines[0], ...lines.slice(1).map(line => `  ${line}`)].join('\n')}\n`
}

/** Ids of Mermaid are words. Names are kept where they are one. */
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

const COLOURS: Readonly<Record<string, string>> = {
  done: 'fill:#d8f3dc,stroke:#2d6a4f,color:#081c15',
  here: 'fill:#d0e2ff,stroke:#0f62fe,color:#001141,stroke-width:3px',
  failed: 'fill:#ffd7d9,stroke:#da1e28,color:#2d0709',
}

function classLines({ nodes }: Flow, idOf: (name: string) => string, progress: Progressed | undefined): string[] {
  if (!progress) return []
  const lines: string[] = []
  for (const [look, colours] of Object.entries(COLOURS)) {
    const ids = [...nodes.map(({ name }) => name), FINISHED, 'error'].filter(name => progress.look(name) === look).map(idOf)
    if (ids.length > 0) lines.push(`classDef ${look} ${colours}`, `class ${ids.join(',')} ${look}`)
  }
  return lines
}
