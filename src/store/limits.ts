/** Of a record, an input or an output, in bytes of JSON. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024
