import { stripVTControlCharacters } from 'node:util'

/** A fenced block of a page. */
export interface Block {
  readonly language: string
  readonly code: string
  /** Of the fence, from 1. */
  readonly line: number
}

/** A piece of a page that can be executed, and the block after it, which is what it prints. */
export interface Example {
  readonly line: number
  /** What a shell is given. */
  readonly command: string
  readonly output: string | undefined
}

export interface Program {
  readonly file: string
  readonly code: string
}

export interface Page {
  /**
   * Every ts and js block is a file: named by its first line (`// brew-tea.ts`), or by where it
   * stands.
   */
  readonly programs: readonly Program[]
  /** In the order of the page: sh blocks, and programs without a name, which are run at once. */
  readonly examples: readonly Example[]
  /** Blocks that are neither executed nor the output of one that is. */
  readonly idle: readonly Block[]
}

const FENCE = /^```(\w*)[^\n]*\n([^]*?)^```$/gm
const NAME = /^\/\/ ([\w-]+(?:\.test)?\.[jt]s)$/m

export const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(FENCE)].map(({ index, 1: language = '', 2: code = '' }) => ({
    language,
    code,
    line: markdown.slice(0, index).split('\n').length,
  }))

export function parsePage(markdown: string): Page {
  const programs: Program[] = []
  const examples: Example[] = []
  const idle: Block[] = []
  let last: Example | undefined
  for (const block of blocksOf(markdown)) {
    const { language, code, line } = block
    const before = last
    last = undefined
    if (language === 'ts' || language === 'js') {
      const [firstLine = ''] = code.split('\n')
      const name = NAME.exec(firstLine)?.[1]
      const file = name ?? `line-${line}.${language}`
      programs.push({ file, code })
      if (name === undefined) examples.push((last = { line, command: `node ${file}`, output: undefined }))
    } else if (language === 'sh') examples.push((last = { line, command: code.trim(), output: undefined }))
    else if ((language === 'text' || language === 'json') && before !== undefined)
      examples[examples.length - 1] = { ...before, output: code }
    else idle.push(block)
  }
  return { programs, examples, idle }
}

/**
 * What differs from run to run gets the same word everywhere: pids, hosts, times and spans of time.
 * Columns keep one space.
 */
export const normalize = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll('\r', '')
    .replaceAll(/\b[\da-z]{20}\b/g, '<pid>')
    .replaceAll(/\bh[\da-z]{11}\b/g, '<host>')
    .replaceAll(/\bprocess \d+ on [^\s)]+/g, 'process <n> on <machine>')
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/\b\d{13}\b/g, '<ms>')
    .replaceAll(/\b\d+(?:\.\d+)?(?:ms|s|m|h|d)(?: \d\d[smh])?(?![\w])/g, '<span>')
    .replaceAll(/ended\/[\da-z]{4}\b/g, 'ended/<hour>')
    .split('\n')
    .map(line => line.replaceAll(/ +/g, ' ').trimEnd())
    .join('\n')
    .trim()
