import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // Wherever an app puts the page.
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
