/** Transfers of one store, whose every asynchronous step settles in an order by chance. */
import fc from 'fast-check'
import { KiB } from '../../../src/shared/byte-size.js'
import { SMALL_PART } from '../../support/memory-driver.js'

export interface InterleavingPlan {
  /** The seed of all choices. */
  order: number
  /** Bytes. */
  memory: number
  transfers: PlannedTransfer[]
  /** Calls of the service that fail: the nth of their moments, or of the writes of checkpoints. */
  failures: readonly { nth: number; how: 'lost' | 'refused' | 'no error of ours' }[]
  checkpointFailures: readonly number[]
}

export interface PlannedTransfer {
  way: 'upload' | 'download'
  length: number
  partSize: number
  concurrency: number
  chunks: number[]
  checkpoint: boolean
  ending: Ending
}

/** What the user does after so many actions. */
export type Ending =
  | { name: 'finish' }
  | { name: 'destroy' | 'destroy with an error' | 'abort' | 'end and destroy' | 'twice'; after: number }

const RANGE = 64 * KiB

const ending: fc.Arbitrary<Ending> = fc.oneof(
  { arbitrary: fc.constant({ name: 'finish' as const }), weight: 3 },
  {
    arbitrary: fc.record({
      name: fc.constantFrom('destroy', 'destroy with an error', 'abort', 'end and destroy', 'twice'),
      after: fc.nat({ max: 25 }),
    }),
    weight: 2,
  },
)

const chunks = (max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 5 })

const upload: fc.Arbitrary<PlannedTransfer> = fc.record({
  way: fc.constant('upload'),
  length: fc.oneof(
    fc.integer({ min: 0, max: 2 * SMALL_PART }),
    fc.integer({ min: 0, max: 5 }).map((parts) => parts * SMALL_PART),
    fc.integer({ min: 0, max: 12 * SMALL_PART }),
  ),
  partSize: fc.constantFrom(SMALL_PART, SMALL_PART + 1, 3 * SMALL_PART),
  concurrency: fc.integer({ min: 1, max: 4 }),
  chunks: chunks(3 * SMALL_PART),
  checkpoint: fc.boolean(),
  ending,
})

const download: fc.Arbitrary<PlannedTransfer> = fc.record({
  way: fc.constant('download'),
  length: fc.oneof(fc.integer({ min: 0, max: RANGE }), fc.integer({ min: RANGE, max: 6 * RANGE })),
  partSize: fc.constantFrom(RANGE, RANGE + 1, 2 * RANGE),
  concurrency: fc.integer({ min: 1, max: 3 }),
  chunks: chunks(2 * RANGE),
  checkpoint: fc.constant(false),
  ending,
})

export const interleavingPlans: fc.Arbitrary<InterleavingPlan> = fc.record({
  order: fc.nat(),
  memory: fc.constantFrom(2 * RANGE + 1, 3 * RANGE, 8 * RANGE),
  transfers: fc.oneof(
    { arbitrary: fc.array(upload, { minLength: 1, maxLength: 3 }), weight: 2 },
    { arbitrary: fc.array(fc.oneof(upload, download), { minLength: 1, maxLength: 3 }), weight: 1 },
  ),
  failures: fc.oneof(
    { arbitrary: fc.constant([]), weight: 2 },
    {
      arbitrary: fc.array(
        fc.record({ nth: fc.nat({ max: 40 }), how: fc.constantFrom('lost', 'refused', 'no error of ours') }),
        { maxLength: 3 },
      ),
      weight: 1,
    },
  ),
  checkpointFailures: fc.oneof(
    { arbitrary: fc.constant([]), weight: 3 },
    { arbitrary: fc.array(fc.nat({ max: 10 }), { maxLength: 2 }), weight: 1 },
  ),
})
