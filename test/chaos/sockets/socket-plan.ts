/** What happens to the bytes between the library and the service: by connection, direction and place. */
import fc from 'fast-check'

/** Of the nth connection. */
export interface Trouble {
  /** To the service, or back. */
  direction: 'up' | 'down'
  /** Bytes that pass in that direction first. */
  after: number
  kind:
    | { name: 'cut' | 'reset' | 'half-close' | 'silence' }
    | { name: 'delay'; ms: number }
    /** One byte at a time, so many of them. */
    | { name: 'drip'; bytes: number; ms: number }
    /** Bytes that have passed already come again. */
    | { name: 'repeat'; bytes: number }
    | { name: 'drop'; bytes: number }
    /** Bytes to the library that are no answer of the service, or that come before the request's end. */
    | { name: 'say'; what: Said; ends: boolean }
}

/** What is said in the place of the service. */
export type Said =
  | 'an echo'
  | 'no HTTP'
  | 'a greeting of another protocol'
  | 'endless 102'
  | 'endless 103'
  | 'unasked 100'
  | '503'
  | '403 with the request in it'
  | '413'
  | '200'
  | 'a redirect'
  | 'headers without end'

export type SocketWay = 'stream' | 'bytes' | 'file' | 'download' | 'download to a file' | 'get'

export interface SocketPlan {
  way: SocketWay
  provider: 'oss' | 'obs' | 's3'
  size: number
  partSize: number
  concurrency: number
  contentMd5: boolean
  forbidOverwrite: boolean
  overwrites: boolean
  /** Undefined for a connection without any. Those after the last one have none. */
  troubles: (Trouble | undefined)[]
  /** Milliseconds after which the caller gives up, where it does. */
  abortMs: number | undefined
}

export const UNIT: number = 100 * 1024

const said = fc.constantFrom<Said>(
  'an echo',
  'no HTTP',
  'a greeting of another protocol',
  'endless 102',
  'endless 103',
  'unasked 100',
  '503',
  '403 with the request in it',
  '413',
  '200',
  'a redirect',
  'headers without end',
)

const few = fc.constantFrom(1, 2, 7, 100, 5000)

const kind: fc.Arbitrary<Trouble['kind']> = fc.oneof(
  { arbitrary: fc.constantFrom('cut', 'reset', 'half-close', 'silence').map((name) => ({ name })), weight: 3 },
  { arbitrary: fc.record({ name: fc.constant('delay' as const), ms: fc.integer({ min: 1, max: 150 }) }), weight: 1 },
  {
    arbitrary: fc.record({
      name: fc.constant('drip' as const),
      bytes: fc.integer({ min: 1, max: 300 }),
      ms: fc.constantFrom(0, 1, 10, 60),
    }),
    weight: 1,
  },
  { arbitrary: fc.record({ name: fc.constantFrom('repeat' as const, 'drop' as const), bytes: few }), weight: 2 },
  { arbitrary: fc.record({ name: fc.constant('say' as const), what: said, ends: fc.boolean() }), weight: 3 },
)

const trouble: fc.Arbitrary<Trouble> = fc.record({
  direction: fc.constantFrom('up' as const, 'down' as const),
  after: fc.oneof(
    fc.constant(0),
    // Within the headers of the first request or response, within a body, and in a later request of the connection.
    fc.integer({ min: 0, max: 1500 }),
    fc.integer({ min: 0, max: 2 * UNIT }),
  ),
  kind,
})

export const socketPlans: fc.Arbitrary<SocketPlan> = fc.record({
  way: fc.constantFrom<SocketWay>('stream', 'bytes', 'file', 'download', 'download', 'download to a file', 'get'),
  provider: fc.constantFrom('oss' as const, 'oss' as const, 'obs' as const, 's3' as const),
  size: fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1000, max: 5 * UNIT })),
  partSize: fc.constantFrom(UNIT, UNIT + 1, 2 * UNIT),
  concurrency: fc.integer({ min: 1, max: 4 }),
  contentMd5: fc.boolean(),
  forbidOverwrite: fc.boolean(),
  overwrites: fc.constantFrom(false, false, true),
  troubles: fc.array(fc.option(trouble, { nil: undefined, freq: 3 }), { minLength: 1, maxLength: 8 }),
  abortMs: fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, { arbitrary: fc.nat({ max: 200 }), weight: 1 }),
})
