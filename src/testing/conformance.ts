import { adoptingTests } from './conformance/adopting.ts'
import { changingTests } from './conformance/changing.ts'
import { documentingTests } from './conformance/documenting.ts'
import { fencingTests } from './conformance/fencing.ts'
import { foldingTests } from './conformance/folding.ts'
import { followingTests } from './conformance/following.ts'
import { hostingTests } from './conformance/hosting.ts'
import { importingTests } from './conformance/importing.ts'
import { steeringTests } from './conformance/steering.ts'
import { limitingTests } from './conformance/limiting.ts'
import { readingTests } from './conformance/reading.ts'
import { trailTests } from './conformance/trails.ts'
import { adoptingByHandTests } from './conformance/adopting-by-hand.ts'
import { submittingTests } from './conformance/submitting.ts'
import type { ConformanceTest } from './conformance/suite.ts'

export type { ConformanceTest, StoreUnderTest } from './conformance/suite.ts'

/**
 * The contract of a store, as a list of tests that must all pass. They use node:assert, so any test
 * runner will do.
 *
 * @example
 * for (const { name, run } of storeConformance) test(name, () => run(makeMyStore))
 */
export const storeConformance: readonly ConformanceTest[] = [
  ...readingTests,
  ...foldingTests,
  ...followingTests,
  ...changingTests,
  ...hostingTests,
  ...trailTests,
  ...importingTests,
  ...documentingTests,
  ...adoptingTests,
  ...steeringTests,
  ...adoptingByHandTests,
  ...fencingTests,
  ...limitingTests,
  ...submittingTests,
]
