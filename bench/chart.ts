// The pictures of measurements: SVG that is light or dark as its reader likes it.
export interface Bar {
  readonly label: string
  readonly value: number
  /** What stands beside the bar. */
  readonly note: string
  readonly ours: boolean
}

export interface Line {
  readonly label: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const STYLE = `<style>
    text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
    .small { font-size: 11.5px; fill: #59636e }
    .heading { font-size: 15px; font-weight: 600 }
    .end { text-anchor: end } .middle { text-anchor: middle }
    .bar { fill: #818b98 } .ours { fill: #0969da }
    .axis { stroke: #d1d9e0 }
    .line { fill: none; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc } .small { fill: #9198a1 } .bar { fill: #656c76 } .ours { fill: #4493f8 } .axis { stroke: #3d444d }
    }
  </style>`
const COLOURS = ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#d1242f']
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escape = (text: string): string => text.replaceAll(/[&<>"]/g, character => ESCAPES[character]!)

const svg = (width: number, height: number, title: string, parts: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">
  ${[STYLE, `<text class="heading" x="0" y="18">${escape(title)}</text>`, ...parts].join('\n  ')}
</svg>
`

const WIDTH = 880
const LABEL = 250
const NOTE = 190
const ROW = 26

/** A bar each, the longest as long as there is room. */
export function barChart(title: string, subtitle: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const rows = bars.flatMap(({ label, value, note, ours }, index) => {
    const y = 50 + index * ROW
    const width = Math.max(1, (value / most) * (WIDTH - LABEL - NOTE)).toFixed(1)
    return [
      `<text class="end" x="${LABEL - 10}" y="${y + 14}">${escape(label)}</text>`,
      `<rect class="${ours ? 'ours' : 'bar'}" x="${LABEL}" y="${y}" width="${width}" height="${ROW - 8}" rx="3"/>`,
      `<text class="small" x="${LABEL + Number(width) + 8}" y="${y + 13.5}">${escape(note)}</text>`,
    ]
  })
  return svg(WIDTH, 54 + bars.length * ROW, title, [
    `<text class="small" x="0" y="37">${escape(subtitle)}</text>`,
    ...rows,
  ])
}

const PLOT = { left: 60, top: 40, width: 420, height: 200 }
const short = (value: number): string =>
  value >= 1e6 ? `${value / 1e6} M` : value >= 1e3 ? `${value / 1e3} k` : String(Number(value.toPrecision(2)))

/** Curves over a logarithmic x axis, from 0 up. */
export function lineChart(title: string, unit: string, lines: readonly Line[]): string {
  const all = lines.flatMap(({ points }) => points)
  const xs = [...new Set(all.map(([x]) => x))].toSorted((a, b) => a - b)
  const [from, to] = [Math.log10(xs[0] ?? 1), Math.log10(xs.at(-1) ?? 10)]
  const most = Math.max(...all.map(([, y]) => y), Number.MIN_VALUE)
  const { left, top, width, height } = PLOT
  const px = (x: number): string =>
    (left + (to === from ? 0.5 : (Math.log10(x) - from) / (to - from)) * width).toFixed(1)
  const py = (y: number): string => (top + height - (y / most) * height).toFixed(1)
  const grid = [0, 0.5, 1].flatMap(part => [
    `<line class="axis" x1="${left}" x2="${left + width}" y1="${py(part * most)}" y2="${py(part * most)}"/>`,
    `<text class="small end" x="${left - 6}" y="${Number(py(part * most)) + 4}">${short(part * most)}</text>`,
  ])
  const ticks = xs.map(x => `<text class="small middle" x="${px(x)}" y="${top + height + 18}">${short(x)}</text>`)
  const curves = lines.flatMap(({ label, points }, index) => {
    const colour = COLOURS[index % COLOURS.length]
    return [
      `<polyline class="line" stroke="${colour}" points="${points.map(([x, y]) => `${px(x)},${py(y)}`).join(' ')}"/>`,
      ...points.map(([x, y]) => `<circle fill="${colour}" cx="${px(x)}" cy="${py(y)}" r="3"/>`),
      `<rect fill="${colour}" x="${left + width + 24}" y="${top + index * 22}" width="12" height="12" rx="2"/>`,
      `<text x="${left + width + 42}" y="${top + 11 + index * 22}">${escape(label)}</text>`,
    ]
  })
  return svg(WIDTH, top + height + 30, `${title} (${unit})`, [...grid, ...ticks, ...curves])
}
