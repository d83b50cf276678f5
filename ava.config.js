import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { writeStripped } from './test/stripped/write.js'

/** A test file is a Node process, and many start more of them, each of which would strip the types of every file anew. */
function quickStart() {
  if (!process.env.NODE_V8_COVERAGE)
    return { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') }
  writeStripped()
  const preload = `--import=${new URL('test/stripped/preload.js', import.meta.url)}`
  return { NODE_OPTIONS: [process.env.NODE_OPTIONS, preload].filter(Boolean).join(' ') }
}

export default {
  extensions: ['ts'],
  files: ['test/**/*.test.ts'],
  // The second: transitions are made in two ways, which must not differ.
  nodeArguments: [
    '--conditions=@stepwright/source',
    `--import=${new URL('test/compare-transitions.ts', import.meta.url)}`,
  ],
  environmentVariables: quickStart(),
  // Test files wait half of their time: for timers, for other processes, for a browser.
  concurrency: Math.ceil(1.5 * availableParallelism()),
  timeout: '2m',
  workerThreads: false,
}
