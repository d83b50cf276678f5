import { defineProcess, typed } from 'stepwright'
import { chance, type Data } from './effects.ts'
import { child, PARTS, type Builder, type Part, type PartName } from './parts.ts'

/**
 * These begin a thread or a process in each life of a host, which costs more than all the rest:
 * they are started seldom.
 */
const APART: readonly PartName[] = ['thread', 'own']
const USUAL = (Object.keys(PARTS) as PartName[]).filter(name => !APART.includes(name))
const DEFINITIONS = 20

/**
 * The parts of each definition: random ones, and each part that there is in one of them at least.
 */
function outlines(seed: string): Map<string, readonly PartName[]> {
  const all = new Map<string, readonly PartName[]>()
  const pick = (word: string): PartName => USUAL[Math.floor(chance(`${seed}${word}`) * USUAL.length)] as PartName
  for (let n = 0; n < DEFINITIONS; n++) {
    const parts = Array.from({ length: Math.floor(chance(`${seed}${n}`) * 4) }, (_, place) => pick(`${n}/${place}`))
    all.set(`random-${n}`, parts.toSpliced(n % (parts.length + 1), 0, USUAL[n % USUAL.length] as PartName))
  }
  for (const part of APART) all.set(`apart-${part}`, ['work', part, pick(part)])
  return all
}

/** The definitions that a seed gives: the same ones in each host. */
export function soakDefinitions(seed: string): { readonly usual: Builder[]; readonly apart: Builder[] } {
  const made = [...outlines(seed)].map(([name, parts]) =>
    parts.reduce<Builder>(
      (builder, part, place) => PARTS[part].add(builder, `${part}-${place}`),
      defineProcess({ name, input: typed<Data>() }),
    ),
  )
  return { usual: made.slice(0, DEFINITIONS), apart: made.slice(DEFINITIONS) }
}

/** What each definition makes of its input. */
export function expectedOutput(seed: string, name: string, input: Data): Data {
  const parts = outlines(seed).get(name) ?? child.steps.map(step => partOf(step.name) as PartName)
  return parts.reduce((data, part) => (PARTS[part] as Part).after(data), input)
}

/** The part that a step or a branch belongs to. */
export const partOf = (step: string): string => step.replace(/-.*/, '')
