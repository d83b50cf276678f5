/** The most bytes of JSON of a record, an input or an output. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024
