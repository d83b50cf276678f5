import type { MarkdownRenderer } from 'vitepress'

/**
 * Links of the Markdown files, which live in the package, made to live on the site: a `README.md`
 * is the index of its folder, and what is no page, such as a folder of examples, is plain text.
 */
export function linksToPages(md: MarkdownRenderer): void {
  md.core.ruler.push('links-to-pages', state => {
    for (const { children } of state.tokens)
      for (const token of children ?? []) {
        const href = token.type === 'link_open' ? token.attrGet('href') : undefined
        if (!href || /^(#|[a-z]+:)/.test(href)) continue
        const [path = '', hash = ''] = href.split(/(?=#)/)
        if (path.endsWith('README.md')) token.attrSet('href', `${path.slice(0, -'README.md'.length)}index.md${hash}`)
        else if (!path.endsWith('.md') && !/\.(svg|png)$/.test(path)) token.attrSet('href', '')
      }
  })
}
