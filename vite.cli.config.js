import { join, relative } from 'node:path'
import { defineConfig } from 'vite'

const DIST = join(import.meta.dirname, 'dist')
/** What the modules of users share with the command, when they import the package: of these there must be one copy. */
const SHARED = /^(?:errors\.js|index\.js|(?:steps|machines|runtime)\/.*)$/

const isPackage = id => !id.startsWith('.') && !id.startsWith('/')

/** Puts the files of the command line together, by command: to load two hundred of them took longer than most commands run. */
export default defineConfig({
  build: {
    ssr: true,
    outDir: 'dist/cli',
    emptyOutDir: true,
    minify: false,
    target: 'esnext',
    rolldownOptions: {
      input: join(DIST, 'cli/main.js'),
      external: id => isPackage(id) || SHARED.test(relative(DIST, id)),
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: '[name]-[hash].js',
        paths: id => (isPackage(id) ? id : `../${relative(DIST, id)}`),
      },
    },
  },
})
