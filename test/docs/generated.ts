import { posix } from 'node:path'
import type { Command, Help } from 'commander'
import { createWholeProgram } from '../../src/cli/program.ts'
import { fakeIo } from '../cli/fake-io.ts'
import { INDEX, inOrder, read, titleOf } from './pages.ts'

/** What follows this line is made by `npm run docs:generate`: a way to the pages before and after. */
const FOOT = '\n---\n'
const USAGE = /<!-- generated from the command -->\n[^]*?<!-- end -->/

export const commands: readonly Command[] = (await createWholeProgram(fakeIo().io)).commands
const order = await inOrder()
const titles = new Map(await Promise.all(order.map(async page => [page, titleOf(await read(page))] as const)))

/** Pages that `regenerate` has something to say to. */
export const generatedPages = order

function footOf(page: string): string {
  const at = order.indexOf(page)
  const to = (target: string, text: string): string => `[${text}](${posix.relative(posix.dirname(page), target)})`
  const [before, after] = [order[at - 1], order[at + 1]]
  return [
    ...(before === undefined ? [] : [to(before, `← ${titles.get(before)}`)]),
    to(INDEX, 'All pages'),
    ...(after === undefined ? [] : [to(after, `${titles.get(after)} →`)]),
  ].join(' · ')
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

function usageOf(command: Command): string {
  const help: Help = command.createHelp()
  const rows = [
    ...help
      .visibleArguments(command)
      .map(argument => [`<${argument.name()}>`, help.argumentDescription(argument)] as const),
    ...help
      .visibleOptions(command)
      .filter(({ long }) => long !== '--help')
      .map(option => [option.flags, help.optionDescription(option)] as const),
  ]
  const usage = `\`stepwright ${command.name()} ${command.usage()}\``
  const table = rows.map(([name, text]) => `| \`${cell(name)}\` | ${cell(text)} |`)
  return [usage, ...(rows.length === 0 ? [] : ['| | |\n| --- | --- |', ...table])].join('\n').replace('\n', '\n\n')
}

/** A page with what is made from code as it is now; the formatter has still to see it. */
export function regenerate(page: string, markdown: string): string {
  const command = commands.find(one => page === `docs/commands/${one.name()}.md`)
  const body = markdown.includes(FOOT) ? markdown.slice(0, markdown.lastIndexOf(FOOT)) : `${markdown.trimEnd()}\n`
  const usage = command && `<!-- generated from the command -->\n\n${usageOf(command)}\n\n<!-- end -->`
  return `${usage === undefined ? body : body.replace(USAGE, () => usage)}${FOOT}\n${footOf(page)}\n`
}

/** Without what the formatter adds: how lines are wrapped and tables are aligned. */
export const unformatted = (markdown: string): string => markdown.replaceAll(/\s+/g, ' ').replaceAll(/-{3,}/g, '---')

/** The index of the documentation for language models, in the form of llmstxt.org. */
export async function llmsTxt(): Promise<string> {
  const readme = await read('README.md')
  const summary = readme.split('\n\n')[1]!.replaceAll('**', '').replaceAll('\n', ' ')
  const index = (await read(INDEX)).split(FOOT)[0]!
  const sections = index.slice(index.indexOf('\n## ')).replaceAll(/\n {2,}/g, ' ')
  const list = sections.replaceAll(/\]\((?!\w+:)([^)]*)\)/g, (_, file: string) => `](${posix.join('docs', file)})`)
  return `# stepwright\n\n> ${summary}\n\nThe [README](README.md) is a tour of all of it.\n${list.trimEnd()}\n`
}
