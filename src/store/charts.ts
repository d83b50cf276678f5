import type { Json } from '../record/record.ts'
import { json, object, text } from '../record/schema.ts'
import type { Schema } from '../record/schema.ts'
import { readDocuments } from './documents.ts'
import type { CorruptDocument, Documents } from './documents.ts'

/** The chart of a definition, so that viewers need no code. The store knows nothing of its form. */
export interface StoredChart {
  readonly name: string
  readonly version: string
  /** A hash of the definition's steps. */
  readonly shape: string
  readonly chart: Json
}

const nameOf = ({ name, version, shape }: Omit<StoredChart, 'chart'>): string => `${name}@${version}+${shape}`

/**
 * Stores a chart unless it is stored already: a different chart has a different shape, and so
 * another name.
 */
export async function putChart(documents: Documents, chart: StoredChart): Promise<void> {
  const name = nameOf(chart)
  if ((await documents.get('charts', name)) === undefined) await documents.put('charts', name, JSON.stringify(chart))
}

/** The charts of the definitions that hosts of this store know or knew. */
export const readCharts = (
  documents: Documents,
  onCorrupt?: (document: CorruptDocument) => void,
): Promise<StoredChart[]> => readDocuments(documents, 'charts', schemaOf, onCorrupt)

const chart = object<StoredChart>({ name: text, version: text, shape: text, chart: json })

const schemaOf =
  (document: string): Schema =>
  value =>
    chart(value) ?? (nameOf(value as StoredChart) === document ? undefined : '.name')
