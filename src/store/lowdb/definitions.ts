import { makeFolder, readText, writeAtomically } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import type { StoredChart } from '../store.ts'
import { namesIn } from './folders.ts'
import type { Folders } from './folders.ts'

const DEFINITION = /^[a-z0-9][^/]*\.json$/

/** Written once: another chart has another shape, and so another name. */
export function writeDefinition(files: Files, folders: Folders, chart: StoredChart): void {
  const file = folders.definitionFile(chart)
  if (files.statSync(file, { throwIfNoEntry: false }) !== undefined) return
  makeFolder(files, folders.definitions)
  writeAtomically(files, file, `${JSON.stringify(chart)}\n`)
}

/** A file that is no chart is not ours, and left out. */
export function readDefinitions(files: Files, folders: Folders): StoredChart[] {
  return namesIn(files, folders.definitions)
    .filter(name => DEFINITION.test(name))
    .toSorted()
    .flatMap(name => {
      try {
        const chart = JSON.parse(readText(files, `${folders.definitions}/${name}`)) as StoredChart
        return typeof chart?.name === 'string' && typeof chart.version === 'string' && chart.chart !== undefined ? [chart] : []
      } catch (error) {
        if (error instanceof SyntaxError) return []
        throw error
      }
    })
}
