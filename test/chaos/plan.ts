/** What may happen to one upload: its shape, its faults, and whether it is aborted. */
import fc from 'fast-check'
import type { Fault, FaultAction } from '../../src/emulator/index.js'

/** How the bytes come in: written to a stream, by a descriptor of a pipe or of a file, or from a command. */
export const UPLOAD_METHODS = ['stream', 'descriptor', 'file', 'command'] as const
export type UploadMethod = (typeof UPLOAD_METHODS)[number]

export interface Plan {
  method: UploadMethod
  size: number
  partSize: number
  concurrency: number
  /** How the source cuts its bytes; used over and over. */
  chunks: number[]
  /** Milliseconds in which a pipe's writer does nothing. */
  pauseMs: number
  /**
   * How a command fails, where it is to fail; else whether it closes its output early, leaves the rest to a process of its
   * own, or heeds no SIGTERM.
   */
  producer: 'status' | 'signal' | 'early' | 'grandchild' | 'stubborn'
  /** What of an inspector fails, where the bytes of a descriptor are refused. */
  refuses: 'bytes' | 'end'
  contentMd5: boolean
  forbidOverwrite: boolean
  /** Whether there is an object of that key already. */
  overwrites: boolean
  faults: Fault[]
  ending: Ending
}

/** What the caller or the source does; `after` is a share of the bytes. */
type Ending =
  | { name: 'finish' }
  | { name: 'source-error' | 'source-close' | 'destroy' | 'abort'; after: number }
  | { name: 'abort-later'; ms: number }

const KiB = 1024
const MIN_PART = 100 * KiB

const operations = [
  'InitiateMultipartUpload',
  'UploadPart',
  'UploadPart',
  'CompleteMultipartUpload',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'PutObject',
  'HeadObject',
] as const

const retriable = fc.constantFrom(
  { status: 500, code: 'InternalError' },
  { status: 503, code: 'SlowDown' },
  { status: 400, code: 'RequestTimeout' },
  { status: 200, code: 'InternalError' },
)

const refusals = fc.constantFrom(
  { status: 403, code: 'AccessDenied' },
  { status: 404, code: 'NoSuchBucket' },
  { status: 404, code: 'NoSuchUpload' },
  { status: 400, code: 'InvalidArgument' },
)

const action: fc.Arbitrary<FaultAction> = fc.oneof(
  fc.record({ error: retriable, commit: fc.boolean() }).map(({ error, commit }) => ({
    type: 'error' as const,
    ...error,
    // Whoever asks to slow down, or never got the body, has done nothing: such answers are believed.
    commit: commit && error.code === 'InternalError',
  })),
  refusals.map((error) => ({ type: 'error' as const, ...error })),
  fc.record({
    type: fc.constant('reset' as const),
    at: fc.constantFrom('request' as const, 'body' as const, 'committed' as const, 'answer' as const),
    afterBytes: fc.integer({ min: 0, max: MIN_PART }),
  }),
  fc.record({
    type: fc.constant('stall' as const),
    at: fc.constantFrom(
      'request' as const,
      'body' as const,
      'uncommitted' as const,
      'committed' as const,
      'answer' as const,
    ),
  }),
  fc.record({ type: fc.constant('delay' as const), ms: fc.integer({ min: 1, max: 20 }) }),
  fc.constant({ type: 'truncate' as const }),
  fc.constant({ type: 'wrong-checksum' as const }),
  fc.record({ type: fc.constant('empty' as const), commit: fc.boolean() }),
  fc.constant({ type: 'redirect' as const, location: 'http://127.0.0.2:9/' }),
  fc.constant({ type: 'clock' as const, offsetMs: 20 * 60_000 }),
  fc.record({
    type: fc.constant('close' as const),
    when: fc.constantFrom('answered' as const, 'reused' as const),
  }),
  fc.constant({ type: 'disk-full' as const }),
  fc.constant({ type: 'garbage' as const }),
)

const fault: fc.Arbitrary<Fault> = fc
  .record({
    match: fc.record({ operation: fc.constantFrom(...operations) }),
    skip: fc.integer({ min: 0, max: 3 }),
    times: fc.constantFrom(1, 1, 1, 2, 3, 100),
    action,
  })
  // An upload that the service denies is one that nobody can clean up: that would be a lie, not a fault.
  .filter(({ match, action: { type, ...rest } }) => {
    const denies = type === 'error' && 'code' in rest && rest.code.startsWith('NoSuch')
    return !(denies && match.operation === 'AbortMultipartUpload')
  })

const ending: fc.Arbitrary<Ending> = fc.oneof(
  { arbitrary: fc.constant({ name: 'finish' as const }), weight: 4 },
  {
    arbitrary: fc.record({
      name: fc.constantFrom('source-error' as const, 'source-close' as const, 'destroy' as const, 'abort' as const),
      after: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({ name: fc.constant('abort-later' as const), ms: fc.integer({ min: 0, max: 60 }) }),
    weight: 1,
  },
)

/** Plans of uploads by one of these methods. */
export const plansOf = (methods: readonly UploadMethod[]): fc.Arbitrary<Plan> =>
  fc.record({
    method: fc.constantFrom(...methods),
    size: fc.oneof(
      fc.integer({ min: 0, max: MIN_PART }),
      fc.integer({ min: MIN_PART, max: 8 * MIN_PART }),
      fc.integer({ min: 1, max: 6 }).map((parts) => parts * MIN_PART),
    ),
    partSize: fc.constantFrom(MIN_PART, MIN_PART + 1, 2 * MIN_PART),
    concurrency: fc.integer({ min: 1, max: 4 }),
    chunks: fc.array(fc.integer({ min: 1, max: 300 * KiB }), { minLength: 1, maxLength: 6 }),
    pauseMs: fc.constantFrom(0, 1, 10),
    producer: fc.constantFrom(
      'status' as const,
      'signal' as const,
      'early' as const,
      'grandchild' as const,
      'stubborn' as const,
    ),
    refuses: fc.constantFrom('bytes' as const, 'end' as const),
    contentMd5: fc.boolean(),
    forbidOverwrite: fc.boolean(),
    overwrites: fc.constantFrom(false, false, false, true),
    faults: fc.array(fault, { maxLength: 6 }),
    ending,
  })
