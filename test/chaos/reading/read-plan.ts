/** What may happen to one download: its shape, the faults on its way, its reader, and what becomes of the object. */
import fc from 'fast-check'
import type { Fault, FaultAction } from '../../../src/emulator/index.js'

export interface ReadPlan {
  service: Service
  /** Bytes of the object. */
  size: number
  partSize: number
  concurrency: number | 'auto'
  /** Bytes for all ranges. */
  maxMemory: number
  verify: 'checksum' | 'etag'
  /** Shares of the object; absent for the whole. A file is always the whole. */
  range: { start: number; end: number | undefined } | undefined
  into: Into
  faults: Fault[]
  /** Responses that bring other bytes than the object's: by the place of their range. */
  lies: readonly number[]
  change: Change
  ending: Ending
}

export type Service = 'oss' | 'obs' | 's3 md5' | 's3 crc32' | 's3 crc64nvme'

/** Where the bytes go: to a reader that takes so many at a time and pauses after each, or to a file. */
type Into =
  | { name: 'stream'; takes: number; pauses: ('no' | 'turn' | 'ms')[] }
  | { name: 'file'; checkpoint: boolean; existed: boolean }

/** What becomes of the object meanwhile; `after` is a share of the bytes that are read. */
type Change = { name: 'none' } | { name: 'replaced' | 'resized' | 'deleted'; after: number }

/** What the caller does. */
type Ending = { name: 'finish' } | { name: 'destroy' | 'abort'; after: number } | { name: 'abort-later'; ms: number }

const KiB = 1024
export const RANGE = 64 * KiB

const share = fc.double({ min: 0, max: 1, noNaN: true })
const operation = fc.constantFrom(
  'GetObject' as const,
  'GetObject' as const,
  'GetObject' as const,
  'HeadObject' as const,
)
const afterBytes = fc.option(fc.integer({ min: 0, max: RANGE + 1 }), { nil: undefined })

const action: fc.Arbitrary<FaultAction> = fc.oneof(
  fc
    .constantFrom(
      { status: 500, code: 'InternalError' },
      { status: 503, code: 'SlowDown' },
      { status: 403, code: 'AccessDenied' },
      { status: 404, code: 'NoSuchKey' },
      { status: 412, code: 'PreconditionFailed' },
      { status: 416, code: 'InvalidRange' },
    )
    .map((error) => ({ type: 'error' as const, ...error })),
  fc.record({
    type: fc.constantFrom('reset' as const, 'stall' as const),
    at: fc.constantFrom('request' as const, 'committed' as const, 'answer' as const, 'answer' as const),
    afterBytes: fc.integer({ min: 0, max: RANGE }),
  }),
  afterBytes.map((bytes) => ({ type: 'truncate' as const, ...(bytes === undefined ? {} : { afterBytes: bytes }) })),
  fc.record({ type: fc.constant('delay' as const), ms: fc.integer({ min: 1, max: 20 }) }),
  fc.record({
    type: fc.constant('slow' as const),
    direction: fc.constant('out' as const),
    bytesPerSecond: fc.integer({ min: 2_000_000, max: 20_000_000 }),
  }),
  fc.constantFrom<FaultAction>(
    { type: 'wrong-checksum' },
    { type: 'wrong-etag' },
    { type: 'empty' },
    { type: 'garbage' },
    { type: 'endless' },
    { type: 'endless', status: 206 },
    { type: 'redirect', location: 'http://127.0.0.2:9/' },
    { type: 'clock', offsetMs: 20 * 60_000 },
    { type: 'close', when: 'answered' },
    { type: 'close', when: 'reused' },
    { type: 'answer', status: 200, body: 'x'.repeat(3 * RANGE) },
    { type: 'answer', status: 206, headers: { 'Content-Range': 'bytes 5-9/10' }, body: 'xxxxx' },
    { type: 'answer', status: 304 },
  ),
)

const fault: fc.Arbitrary<Fault> = fc.record({
  match: fc.record({ operation }),
  skip: fc.integer({ min: 0, max: 6 }),
  // The client notices a response that stalls within a second or so.
  times: fc.constantFrom(1, 1, 1, 2, 3, 20),
  action,
})

export const readPlans: fc.Arbitrary<ReadPlan> = fc.record({
  service: fc.constantFrom<Service>('oss', 'oss', 'obs', 's3 md5', 's3 crc32', 's3 crc64nvme'),
  size: fc.oneof(
    { arbitrary: fc.constantFrom(0, 1, RANGE, 4 * RANGE), weight: 1 },
    { arbitrary: fc.integer({ min: 0, max: RANGE }), weight: 1 },
    { arbitrary: fc.integer({ min: RANGE, max: 12 * RANGE }), weight: 4 },
  ),
  partSize: fc.constantFrom(RANGE, RANGE + 1, 2 * RANGE, 6 * RANGE),
  concurrency: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant('auto' as const)),
  maxMemory: fc.constantFrom(1024 * KiB, 16 * 1024 * KiB),
  verify: fc.constantFrom('checksum' as const, 'etag' as const),
  range: fc.oneof(
    { arbitrary: fc.constant(undefined), weight: 4 },
    { arbitrary: fc.record({ start: share, end: fc.option(share, { nil: undefined }) }), weight: 1 },
  ),
  into: fc.oneof(
    {
      arbitrary: fc.record({
        name: fc.constant('stream' as const),
        takes: fc.integer({ min: 1000, max: 300 * KiB }),
        pauses: fc.array(fc.constantFrom('no' as const, 'turn' as const, 'ms' as const), {
          minLength: 1,
          maxLength: 4,
        }),
      }),
      weight: 3,
    },
    {
      arbitrary: fc.record({ name: fc.constant('file' as const), checkpoint: fc.boolean(), existed: fc.boolean() }),
      weight: 1,
    },
  ),
  faults: fc.array(fault, { maxLength: 5 }),
  lies: fc.oneof(
    { arbitrary: fc.constant([]), weight: 5 },
    { arbitrary: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 2 }), weight: 1 },
  ),
  change: fc.oneof(
    { arbitrary: fc.constant({ name: 'none' as const }), weight: 3 },
    {
      arbitrary: fc.record({
        name: fc.constantFrom('replaced' as const, 'resized' as const, 'deleted' as const),
        after: share,
      }),
      weight: 1,
    },
  ),
  ending: fc.oneof(
    { arbitrary: fc.constant({ name: 'finish' as const }), weight: 4 },
    { arbitrary: fc.record({ name: fc.constantFrom('destroy' as const, 'abort' as const), after: share }), weight: 1 },
    {
      arbitrary: fc.record({ name: fc.constant('abort-later' as const), ms: fc.integer({ min: 0, max: 60 }) }),
      weight: 1,
    },
  ),
})
