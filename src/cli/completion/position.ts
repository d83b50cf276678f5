import type { Argument, Command, Option } from 'commander'

/** Where the word that is being typed stands. */
export type Position =
  | { readonly kind: 'command' }
  | { readonly kind: 'option' }
  | { readonly kind: 'value'; readonly option: Option }
  | { readonly kind: 'argument'; readonly argument: Argument; readonly given: readonly string[] }
  | { readonly kind: 'nothing' }

const takesValue = (option: Option): boolean => option.required || option.optional

const optionOf = (word: string, options: readonly Option[]): Option | undefined =>
  options.find(({ short, long }) => word === short || word === long)

/** The word of a command line that names the command; `undefined` if it has not been typed yet. */
export function commandIn(before: readonly string[], globals: readonly Option[]): string | undefined {
  for (let at = 0; at < before.length; at++) {
    const word = before[at]!
    if (!word.startsWith('-')) return word
    const option = optionOf(word, globals)
    if (option && takesValue(option)) at++
  }
  return undefined
}

/**
 * @param before the words that stand before the one that is being typed
 * @param command the command among them, with its options and arguments
 */
export function positionOf(
  before: readonly string[],
  word: string,
  globals: readonly Option[],
  command: Command | undefined,
): Position {
  const options = [...globals, ...(command?.options ?? [])]
  const last = optionOf(before.at(-1) ?? '', options)
  if (last && takesValue(last)) return { kind: 'value', option: last }
  if (word.startsWith('-')) return { kind: 'option' }
  if (!command) return { kind: commandIn(before, globals) === undefined ? 'command' : 'nothing' }
  const given: string[] = []
  for (let at = before.indexOf(command.name()) + 1; at < before.length; at++) {
    const option = optionOf(before[at]!, options)
    if (option && takesValue(option)) at++
    else if (!before[at]!.startsWith('-')) given.push(before[at]!)
  }
  const { registeredArguments } = command
  const lastArgument = registeredArguments.at(-1)
  const argument = registeredArguments[given.length] ?? (lastArgument?.variadic ? lastArgument : undefined)
  return argument ? { kind: 'argument', argument, given } : { kind: 'nothing' }
}
