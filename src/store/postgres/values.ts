import { createHash } from 'node:crypto'
import type { ProcessRecord } from '../../record/record.ts'

/** A key may hold any text, also such as PostgreSQL refuses. */
export const keyHash = (key: string | undefined): Buffer | null =>
  key === undefined ? null : createHash('sha256').update(JSON.stringify(key)).digest()

/** Labels as they are looked up: one text for each, in which every character is printable. */
export const labelTexts = (labels: ProcessRecord['labels']): string[] | null =>
  labels === undefined ? null : Object.entries(labels).map(entry => JSON.stringify(entry))

/** An array as a text: `unnest` would flatten arrays within an array. */
export const arrayText = (texts: readonly string[] | null): string | null =>
  texts && `{${texts.map(text => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`
