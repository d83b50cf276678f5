export { createTestRuntime, type TestRuntime, type TestRuntimeOptions } from './test-runtime.ts'
export { TestClock } from './test-clock.ts'
export { storeConformance } from './conformance.ts'
export { memoryStore } from '../store/memory/memory-store.ts'
