/**
 * Show live processes in Stately's inspector.
 *
 * @module stepwright/inspect
 */

export { inspector, type Inspector } from './inspector.ts'
export type { InspectorOptions } from './inspector-options.ts'
