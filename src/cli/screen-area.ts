import { stripVTControlCharacters } from 'node:util'
import type { Output } from './io.ts'
import { columnsOf } from './render/text.ts'

const HIDE_CURSOR = '\x1B[?25l'
const SHOW_CURSOR = '\x1B[?25h'
const CLEAR_LINE_END = '\x1B[K'
const CLEAR_BELOW = '\x1B[J'
const up = (lines: number): string => (lines > 0 ? `\x1B[${lines}A` : '')

/** How often to redraw at most. */
const INTERVAL_MS = 100

/**
 * An area of the terminal that is redrawn in place whenever the lines that `render` returns change.
 */
export class ScreenArea {
  readonly #stdout: Output
  readonly #render: () => readonly string[]
  #drawn: readonly string[] = []
  #timer: NodeJS.Timeout | undefined

  /** @param render lines narrower than the terminal, fewer than it has rows */
  constructor(stdout: Output, render: () => readonly string[]) {
    this.#stdout = stdout
    this.#render = render
  }

  start(): void {
    this.#stdout.write(HIDE_CURSOR)
    this.#draw(this.#render())
    this.#timer = setInterval(() => this.#draw(this.#render()), INTERVAL_MS)
  }

  /** Restores the terminal, with `last` in place of the area. */
  stop(last: readonly string[]): void {
    clearInterval(this.#timer)
    this.#draw(last)
    this.#stdout.write(SHOW_CURSOR)
  }

  #draw(lines: readonly string[]): void {
    if (lines.length === this.#drawn.length && lines.every((line, index) => line === this.#drawn[index])) return
    const text = lines.map(line => `${line}${CLEAR_LINE_END}\n`).join('')
    this.#stdout.write(`\r${up(this.#rowsDrawn())}${text}${CLEAR_BELOW}`)
    this.#drawn = lines
  }

  /** How many rows the drawn lines take: a terminal that became narrower has wrapped them. */
  #rowsDrawn(): number {
    const width = this.#stdout.columns || Infinity
    return this.#drawn.reduce(
      (rows, line) => rows + Math.max(1, Math.ceil(columnsOf(stripVTControlCharacters(line)) / width)),
      0,
    )
  }
}
