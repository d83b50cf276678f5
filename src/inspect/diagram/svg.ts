import { COLOURS, SHOWN } from './colours.ts'
import type { Flow } from './flow.ts'
import { layoutOf, type Layout, type Placed } from './flow-layout.ts'
import type { Progressed } from './chart-progress.ts'

const boxes = (scheme: 0 | 1): string =>
  SHOWN.map(
    status => `.${status}>.box{fill:${COLOURS[status].fill[scheme]};stroke:${COLOURS[status].line[scheme]}}`,
  ).join('')

const STYLE = `
  .chart{--ink:#17181c;--dim:#5b5f69;--line:#8a8d94;--box:#fff;--edge:#dfe2e8;--fail:${COLOURS.error.line[0]};--undo:${COLOURS.undoing.line[0]};font-family:system-ui,sans-serif}
  @media (prefers-color-scheme:dark){.chart{--ink:#ececf1;--dim:#a3a7b2;--line:#7b7e86;--box:#1a1c21;--edge:#31343d;--fail:${COLOURS.error.line[1]};--undo:${COLOURS.undoing.line[1]}}}
  .box{fill:var(--box);stroke:var(--edge)}.name{fill:var(--ink);font-size:14px;font-weight:600}.notes{fill:var(--dim);font-size:11.5px}.time{fill:var(--dim);font-size:12px;text-anchor:end}
  .end{text-anchor:middle;font-weight:500;font-size:12.5px}.start{fill:var(--ink)}
  .next{stroke:var(--line)}.skip{stroke:var(--line);stroke-dasharray:2 4}.fail{stroke:var(--fail);stroke-dasharray:4 4;opacity:.55}.undo{stroke:var(--undo);stroke-dasharray:4 4}path{fill:none;stroke-width:1.5}
  ${boxes(0)}.current>.box{stroke-width:2.5}.skipped{opacity:.55}
  @media (prefers-color-scheme:dark){${boxes(1)}}
  .tip{fill:var(--line);stroke:none}.ftip{fill:var(--fail);stroke:none}.utip{fill:var(--undo);stroke:none}
`

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)
/** Cuts text to a width in pixels, estimated from the average width of a character. */
const cut = (text: string, width: number, size: number): string => {
  const most = Math.floor(width / (size * 0.56))
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

/** An SVG of a flow, with colours for light and dark backgrounds. */
export function svg(flow: Flow, progress?: Progressed): string {
  const layout = layoutOf(flow)
  const { width, height, start, arrows } = layout
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(`Chart of ${flow.id}`)}" class="chart">
<style>${STYLE}</style>
<defs>${tip('tip')}${tip('ftip')}${arrows.some(({ kind }) => kind === 'undo') ? tip('utip') : ''}</defs>
${arrows.map(({ kind, path, tip: tipped }) => `<path class="${kind}" d="${path}"${tipped ? ` marker-end="url(#${TIPS[kind] ?? 'tip'})"` : ''}/>`).join('\n')}
<circle class="start" cx="${start.x}" cy="${start.y}" r="${start.radius}"/>
${layout.steps.map(step => box(step, progress)).join('\n')}
${layout.ends.map(end => endBox(end, progress)).join('\n')}
</svg>
`
}

/** Tips in the colours of their arrows. */
const TIPS: Readonly<Partial<Record<Layout['arrows'][number]['kind'], string>>> = { fail: 'ftip', undo: 'utip' }

const tip = (id: string): string =>
  `<marker id="${id}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="${id}" d="M0 0L8 4L0 8z"/></marker>`

const classOf = (name: string, progress: Progressed | undefined): string =>
  progress ? `${progress.statusOf(name)}${progress.isCurrent(name) ? ' current' : ''}` : 'pending'

function box({ node: { name }, x, y, width, height, notes }: Placed, progress: Progressed | undefined): string {
  const { spent = '', attempt = 0 } = progress?.steps.get(name) ?? {}
  const below = [attempt > 1 && `attempt ${attempt}`, notes].filter(Boolean).join(' · ')
  const middle = y + height / 2
  return (
    `<g class="${classOf(name, progress)}"><rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="9"/>` +
    `<text class="name" x="${x + 14}" y="${below ? middle - 3 : middle + 5}">${escaped(cut(name, width - 28 - spent.length * 7, 14))}</text>` +
    (below
      ? `<text class="notes" x="${x + 14}" y="${middle + 15}">${escaped(cut(below, width - 24, 11.5))}</text>`
      : '') +
    (spent
      ? `<text class="time" x="${x + width - 12}" y="${below ? middle - 3 : middle + 5}">${escaped(spent)}</text>`
      : '') +
    '</g>'
  )
}

function endBox({ name, x, y, width, height }: Layout['ends'][number], progress: Progressed | undefined): string {
  return (
    `<g class="${classOf(name, progress)}"><rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="15"/>` +
    `<text class="name end" x="${x + width / 2}" y="${y + height / 2 + 4.5}">${escaped(name)}</text></g>`
  )
}
