import { join } from 'node:path'

// A test file is a Node process, and many start more of them, each of which would strip the types of every file anew. Not where coverage is
// measured: of what comes from the cache V8 tells less.
const cache = process.env.NODE_V8_COVERAGE ? {} : { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') }

export default {
  extensions: ['ts'],
  files: ['test/**/*.test.ts'],
  // The second: transitions are made in two ways, which must not differ.
  nodeArguments: ['--conditions=@stepwright/source', `--import=${new URL('test/compare-transitions.ts', import.meta.url)}`],
  environmentVariables: cache,
  timeout: '2m',
  workerThreads: false,
}
