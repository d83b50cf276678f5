/**
 * What stands on a terminal after it was sent `output`: the few codes that the live view uses, and
 * a cursor.
 */
export function screenAfter(output: string): { readonly lines: string[]; readonly cursorHidden: boolean } {
  const lines: string[] = ['']
  let row = 0
  let column = 0
  let cursorHidden = false
  // eslint-disable-next-line no-control-regex
  for (const [token, parameters = '', final] of output.matchAll(/\u001B\[([\d;?]*)([A-Za-z])|[^]/gu)) {
    const line = lines[row] ?? ''
    if (final === 'm') continue
    else if (final === 'A') row = Math.max(0, row - Number(parameters || 1))
    else if (final === 'K') lines[row] = line.slice(0, column)
    else if (final === 'J') lines.splice(row, Infinity, line.slice(0, column))
    else if (final === 'l' || final === 'h') cursorHidden = final === 'l'
    else if (final !== undefined) throw new Error(`The terminal of this test does not know ${JSON.stringify(token)}`)
    else if (token === '\r') column = 0
    else if (token === '\n') {
      row++
      column = 0
      lines[row] ??= ''
    } else {
      lines[row] = line.slice(0, column).padEnd(column) + token + line.slice(column + 1)
      column++
    }
  }
  return { lines: lines.map(line => line.trimEnd()), cursorHidden }
}
