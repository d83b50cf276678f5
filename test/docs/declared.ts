import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './pages.ts'

const folder = join(ROOT, 'src')
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => readFileSync(join(folder, name), 'utf8'))

/** The first source in which something is declared by this name, from there on. */
function declarationOf(name: string): { readonly kind: string; readonly text: string } {
  const form = new RegExp(`^(?:export )?(?<kind>interface|type|const) ${name}\\b[^]*`, 'm')
  for (const source of sources) {
    const match = form.exec(source)
    if (match?.groups?.['kind'] !== undefined) return { kind: match.groups['kind'], text: match[0] }
  }
  throw new Error(`Nothing in src/ declares ${name}: has it another name now?`)
}

const MEMBER = /^ {2}(?:readonly )?'?([\w-]+)'?\??[:(<]/gm
const OMIT = /Omit<\s*(\w+)(?:<[^<>]*>)?,\s*([^>]*)>/g

function withoutParameters(head: string): string {
  const shorter = head.replaceAll(/<[^<>]*>/g, '')
  return shorter === head ? head : withoutParameters(shorter)
}

function interfaceNames(text: string): string[] {
  const start = text.search(/\{(?:\n|\}$)/m)
  const isEmpty = text[start + 1] === '}'
  const [head, body] = [text.slice(0, start), isEmpty ? '' : text.slice(start, text.search(/^\}/m))]
  const omitted = [...head.matchAll(OMIT)].map(([, , names = '']) => names).join('')
  const [, bases = ''] = withoutParameters(head.replaceAll(OMIT, '$1')).split(/\bextends\b/)
  const inherited = bases
    .split(',')
    .map(base => base.trim())
    .filter(base => base !== '')
    .flatMap(namesOf)
  const own = [...body.matchAll(MEMBER)].map(([, name = '']) => name)
  return [...own, ...inherited.filter(name => !omitted.includes(`'${name}'`))]
}

function unionNames(text: string): string[] {
  const [union = ''] = /=[^]*?(?=\n\n|\n(?:\/\*\*|(?:export|type|const|interface)\b)|$)/.exec(text) ?? []
  const literals = [...union.matchAll(/'([\w-]+)'/g)].map(([, name = '']) => name)
  const others = [...union.matchAll(/\b([A-Z]\w+)\b/g)].map(([, name = '']) => name)
  return [
    ...literals,
    ...others.filter(name => name !== 'ERR' && !literals.includes(name)).flatMap(name => namesOf(name)),
  ]
}

/**
 * The members of an interface, or the strings of a union, of this name: inherited ones too, each
 * once.
 */
export function namesOf(name: string): string[] {
  const { kind, text } = declarationOf(name)
  return [...new Set(kind === 'interface' ? interfaceNames(text) : unionNames(text))]
}

/** Names that an entry point exports. */
export const exportedBy = (entry: string): string[] =>
  [...readFileSync(join(ROOT, entry), 'utf8').matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = '']) =>
    names.split(',').flatMap(name => name.trim().replace(/^type /, '') || []),
  )

/** Whether a doc comment stands before the declaration of a name. */
export function isDocumented(name: string): boolean {
  const form = new RegExp(`\\*/\\nexport (?:async )?(?:interface|type|const|function|class) ${name}\\b`)
  return sources.some(source => form.test(source))
}
