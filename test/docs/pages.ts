import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, normalize, posix } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')
/**
 * Links to every other page of the documentation, in the order in which a reader may go through
 * them.
 */
export const INDEX = 'docs/README.md'

export const read = (page: string): Promise<string> => readFile(join(ROOT, page), 'utf8')

const markdownIn = async (folder: string): Promise<string[]> =>
  (await readdir(join(ROOT, folder), { recursive: folder !== '' })).filter(name => name.endsWith('.md'))

export const docs = (await markdownIn('docs')).map(name => posix.join('docs', name.replaceAll('\\', '/'))).toSorted()
/** Every page, by its path from the root. */
export const pages = [...(await markdownIn('')).toSorted(), ...docs]

/** Without blocks of code and code in a line, where brackets are no links. */
const proseOf = (markdown: string): string => markdown.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '`')

export interface Link {
  /** From the root, without the anchor. */
  readonly file: string
  readonly anchor: string | undefined
  readonly written: string
}

/** Links and pictures that stay in the package. */
export const linksOf = (page: string, markdown: string): Link[] =>
  [...proseOf(markdown).matchAll(/\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]+))?\)/g)].map(([written, file = '', anchor]) => ({
    file: file === '' ? page : posix.join(posix.dirname(page), file),
    anchor,
    written: `${page}: ${written.slice(1)}`,
  }))

/** The names by which GitHub and npm link to a page's headings. */
export const anchorsOf = (markdown: string): string[] =>
  [...markdown.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .replaceAll(/\]\([^)]*\)/g, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  )

/**
 * `src/...` and the like, wherever a page names one, in code too; not in the address of a site.
 */
export const pathsOf = (markdown: string): string[] =>
  [...markdown.replaceAll(/https?:\/\/[^)\s]+/g, '').matchAll(/\b(?:src|test|docs|examples|bench)\/[\w./-]*\w/g)].map(
    ([path]) => path,
  )

export const isThere = (path: string): boolean => existsSync(join(ROOT, normalize(path)))

/** The heading of a page. */
export const titleOf = (markdown: string): string => /^# (.+)$/m.exec(markdown)?.[1] ?? ''

/** All pages of the documentation but the index, in its order. */
export async function inOrder(): Promise<string[]> {
  const links = linksOf(INDEX, await read(INDEX)).map(({ file }) => file)
  return [...new Set(links)].filter(file => file.startsWith('docs/') && file.endsWith('.md'))
}
