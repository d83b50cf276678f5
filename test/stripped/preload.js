/**
 * Preloaded by every process of a suite whose coverage is measured: hands Node the sources that `write.js` has stripped of their types. Nothing
 * moves within a file, so V8 tells of the same places. Otherwise each of hundreds of processes would load the compiler to strip them anew, which
 * takes most of the time of a start. (Node's compile cache would do, but V8 tells less of what comes from there.)
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT, STRIPPED } from './write.js'

registerHooks({
  load(url, context, nextLoad) {
    const source = url.startsWith('file:') && url.endsWith('.ts') ? strippedSource(fileURLToPath(url)) : undefined
    return source === undefined ? nextLoad(url, context) : { format: 'module', source, shortCircuit: true }
  },
})

function strippedSource(file) {
  try {
    return readFileSync(join(STRIPPED, relative(ROOT, file)), 'utf8')
  } catch {
    return undefined
  }
}
