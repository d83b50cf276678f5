import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // Works wherever an app serves the page.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../../dist/dashboard/assets',
    emptyOutDir: true,
    assetsDir: '',
    target: 'es2024',
    modulePreload: false,
    assetsInlineLimit: 0,
  },
})
