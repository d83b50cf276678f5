/**
 * Test processes, and stores of your own.
 *
 * @module stepwright/testing
 */

export { createTestRuntime, type TestRuntime, type TestRuntimeOptions } from './test-runtime.ts'
export type { Clock } from '../record/clock.ts'
export {
  crashEverywhere,
  type ChangedOutcome,
  type CrashOptions,
  type CrashOutcome,
  type CrashReport,
  type RepeatedEffect,
} from './crash-everywhere.ts'
export { effect } from './effect.ts'
export type { Steer } from './drive.ts'
export type { RecordName } from './trial.ts'
export { TestClock } from './test-clock.ts'
export { storeConformance, type ConformanceTest, type StoreUnderTest } from './conformance.ts'
export { memoryStore } from '../store/memory/memory-store.ts'
