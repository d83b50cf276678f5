/**
 * Control characters (C0 with ESC, DEL, C1), characters that change the direction of text, line
 * separators, lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/gu

const NAMED: Readonly<Record<string, string>> = { '\n': String.raw`\n`, '\r': String.raw`\r`, '\t': String.raw`\t` }

const hex = (char: string, digits: number): string => char.charCodeAt(0).toString(16).padStart(digits, '0')

const shown = (char: string): string =>
  NAMED[char] ?? (char <= '\u00FF' ? String.raw`\x${hex(char, 2)}` : String.raw`\u${hex(char, 4)}`)

/**
 * Text from a store as a terminal may get it: one line, in which no character moves the cursor,
 * changes colours or turns the direction. Such characters are shown instead (`\x1b`, `\n`,
 * `\u202e`).
 */
export const printable = (text: string): string => text.replaceAll(UNSAFE, shown)

/** Like `printable`, for text of several lines. */
export const printableLines = (text: string): string[] => text.split(/\r?\n/).map(printable)

/** JSON that is safe to print: the same characters become escapes that JSON itself knows. */
export const printableJson = (value: unknown, indent?: number): string =>
  (JSON.stringify(value, null, indent) ?? 'null')
    .split('\n')
    .map(line => line.replaceAll(UNSAFE, char => String.raw`\u${hex(char, 4)}`))
    .join('\n')
