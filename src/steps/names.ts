import { mustBe } from '../record/check.ts'

function check(value: unknown, what: string, form: RegExp, maxLength: number, rule: string): string {
  if (typeof value === 'string' && value.length <= maxLength && form.test(value)) return value
  throw mustBe(what, `${rule}, at most ${maxLength} characters`, value)
}

/**
 * Names become parts of paths: the forms below leave no room for separators, dots or differences of
 * case.
 */
export const checkProcessName = (value: unknown): string =>
  check(value, 'name of a process', /^[a-z0-9][a-z0-9-]*$/, 64, `like 'import-dump': a-z, 0-9 and -`)

/**
 * Step names become states of a chart and keys of a record, so names that every object inherits are
 * refused.
 */
export function checkStepName(value: unknown, owner: string, part: 'step' | 'branch' = 'step'): string {
  const what = `name of a ${part} of ${owner}`
  const name = check(
    value,
    what,
    /^[A-Za-z][A-Za-z0-9_-]*$/,
    64,
    `like 'read-file': a letter, then letters, digits, _ and -`,
  )
  if (name in Object.prototype) throw mustBe(what, 'no name that every object has', name)
  return name
}

export const checkVersion = (value: unknown, what: string): string =>
  check(value, what, /^[A-Za-z0-9][A-Za-z0-9._+-]*$/, 32, `a string like '2' or '1.0.3'`)

/** What a process name may consist of. */
export type NameCharacter = CharactersOf<'abcdefghijklmnopqrstuvwxyz0123456789-'>
/**
 * The characters of a literal, as a union. They are collected in a parameter because only a tail
 * call may be repeated more than 50 times.
 */
export type CharactersOf<Text extends string, Found extends string = never> = Text extends `${infer One}${infer Rest}`
  ? CharactersOf<Rest, Found | One>
  : Found

/**
 * The name itself if it is valid, else a message for the compiler to show. A name that is no
 * literal is checked at run time only.
 */
export type ProcessName<Name extends string> = string extends Name
  ? Name
  : [CharactersOf<Name>] extends [NameCharacter]
    ? Name extends '' | `-${string}`
      ? `Begin the name with a letter or a digit, like 'import-dump'`
      : Name
    : `A name has a-z, 0-9 and - only, like 'import-dump': '${Name}' has others`
