const ASCII = /^[\x20-\x7E]*$/
/** East Asian wide and fullwidth, and emoji. */
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]|^\p{Emoji_Presentation}|\uFE0F/u
const INVISIBLE = /^[\p{M}\p{Cf}]/u

/** The longest grapheme that is measured, in code units. Longer text is cut first. */
const LONGEST_GRAPHEME = 16

const graphemes = new Intl.Segmenter()

const cellsOf = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : INVISIBLE.test(grapheme) ? 0 : 1)

/** Columns that printable text takes on a terminal. */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let columns = 0
  for (const { segment } of graphemes.segment(text)) columns += cellsOf(segment)
  return columns
}

/** Cuts printable text to a number of columns; `…` stands for what is missing. */
export function cut(text: string, columns: number): string {
  if (text.length <= columns * LONGEST_GRAPHEME && columnsOf(text) <= columns) return text
  let left = columns - 1
  let kept = ''
  for (const { segment } of graphemes.segment(text.slice(0, columns * LONGEST_GRAPHEME))) {
    left -= cellsOf(segment)
    if (left < 0) break
    kept += segment
  }
  return columns < 1 ? '' : `${kept}…`
}
