import { readFile } from 'node:fs/promises'
import test from 'ava'
import { lookOf } from '../../src/cli/render/status.ts'
import { COLOURS } from '../../src/inspect/diagram/colours.ts'
import type { StepStatus } from '../../src/record/record.ts'

const STYLES = new URL('../../src/dashboard/page/styles/', import.meta.url)
const read = (name: string): Promise<string> => readFile(new URL(name, STYLES), 'utf8')

const long = (colour: string): string => (colour.length === 4 ? colour.replaceAll(/[0-9a-f]/g, '$&$&') : colour)

/** The colours of a terminal are few: which stands for which of the page's. */
const TERMINAL: Readonly<Record<string, string>> = {
  blue: 'cyan',
  green: 'green',
  red: 'red',
  amber: 'yellow',
  violet: 'magenta',
  teal: 'cyan',
  grey: 'dim',
}

test('a status has one colour, on the page, in diagrams and on the terminal', async t => {
  const [base, css] = await Promise.all([read('base.css'), read('status.css')])
  const variables = new Map([...base.matchAll(/--([\w-]+): (.+?);/g)].map(([, name = '', value = '']) => [name, value]))
  const resolved = (name: string): string[] => {
    const value = variables.get(name)!
    const alias = /^var\(--([\w-]+)\)$/.exec(value)?.[1]
    return alias === undefined ? value.match(/#\w+/g)!.map(long) : resolved(alias)
  }
  const tones = new Map<string, string>()
  for (const [, selectors = '', tone = ''] of css.matchAll(/((?:\.\w+,?\s+)+)\{\s+--tone: var\(--(\w+)\)/g))
    for (const [, status = ''] of selectors.matchAll(/\.(\w+)/g)) tones.set(status, tone)

  t.deepEqual([...tones.keys()].toSorted(), Object.keys(COLOURS).toSorted())
  for (const [status, { line, fill }] of Object.entries(COLOURS)) {
    const tone = tones.get(status)!
    t.deepEqual(resolved(tone), [...line], status)
    t.deepEqual(resolved(`${tone}-bg`), [...fill], status)
    t.is(lookOf(status as StepStatus).style, TERMINAL[tone] as ReturnType<typeof lookOf>['style'], status)
  }
})
