import { readFileSync } from 'node:fs'
import { defineConfig, type DefaultTheme } from 'vitepress'
import { linksToPages } from './links.ts'

/** The sections of the index of the documentation: the sidebar has the same, in the same order. */
function sections(): DefaultTheme.SidebarItem[] {
  const index = readFileSync(new URL('../../docs/README.md', import.meta.url), 'utf8')
  const [, ...written] = index.split(/^## /m)
  return written.map(section => ({
    text: /^.*/.exec(section)?.[0] ?? '',
    items: Array.from(section.matchAll(/\[([^\]]+)\]\(((?!\.\.)[^)]+)\.md\)/g), ([, text = '', page]) => ({
      text,
      link: `/docs/${page}`,
    })),
  }))
}

const more = [
  { text: 'Architecture', link: '/ARCHITECTURE' },
  { text: 'Contributing', link: '/CONTRIBUTING' },
  { text: 'Security', link: '/SECURITY' },
  { text: 'Changes', link: '/CHANGELOG' },
]

export default defineConfig({
  title: 'stepwright',
  description: 'Durable background processes for Node, as statecharts, without a server',
  srcDir: 'pages',
  rewrites: { 'README.md': 'index.md', 'docs/README.md': 'docs/index.md' },
  outDir: 'dist',
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  cleanUrls: true,
  markdown: { config: md => md.use(linksToPages) },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Documentation', link: '/docs/' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: [{ text: 'Start here', link: '/' }, ...sections(), { text: 'The project', items: more }],
    outline: [2, 3],
    // Each page has its own links to the pages before and after.
    docFooter: { prev: false, next: false },
  },
})
