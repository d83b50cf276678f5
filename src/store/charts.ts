import type { Json } from '../record/record.ts'
import { readDocuments } from './documents.ts'
import type { CorruptDocument, Documents } from './documents.ts'

/** The chart of a definition, so that viewers need no code. What it looks like is no business of the store's. */
export interface StoredChart {
  readonly name: string
  readonly version: string
  /** A hash of the definition's steps. */
  readonly shape: string
  readonly chart: Json
}

const nameOf = ({ name, version, shape }: Omit<StoredChart, 'chart'>): string => `${name}@${version}+${shape}`

/** Written once: a chart that differs has another shape, and so another name. */
export async function putChart(documents: Documents, chart: StoredChart): Promise<void> {
  const name = nameOf(chart)
  if ((await documents.get('charts', name)) === undefined) await documents.put('charts', name, JSON.stringify(chart))
}

/** The charts of the definitions that hosts of this store know or knew. */
export const readCharts = (documents: Documents, onCorrupt?: (document: CorruptDocument) => void): Promise<StoredChart[]> =>
  readDocuments(documents, 'charts', parseChart, onCorrupt)

function parseChart(value: unknown, document: string): StoredChart {
  const { name, version, shape, chart } = (value ?? {}) as Partial<StoredChart>
  const isWhole = typeof name === 'string' && typeof version === 'string' && typeof shape === 'string' && chart !== undefined
  if (!isWhole || nameOf({ name, version, shape }) !== document) throw new Error('it is no chart')
  return { name, version, shape, chart }
}
