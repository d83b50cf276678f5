import { inspect } from 'node:util'

const MAX_LENGTH = 120
/**
 * Control characters, line separators and marks that turn the direction of text: none may reach a
 * terminal.
 */
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
export const escapeUnsafe = (text: string): string => text.replace(UNSAFE, escape)

function describe(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message.slice(0, MAX_LENGTH)}`
  // customInspect off: no code of the value's own runs.
  return inspect(value, {
    depth: 1,
    customInspect: false,
    maxArrayLength: 5,
    maxStringLength: 80,
    breakLength: Infinity,
  })
}

/** Any received value in one short line for a message: escaped, cut, and never a throw. */
export function show(value: unknown): string {
  let text
  try {
    text = describe(value)
  } catch {
    return 'something that cannot be shown'
  }
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
  return escapeUnsafe(cut).toWellFormed()
}
