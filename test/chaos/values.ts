/** Calls with options of any values, which callers of JavaScript, of parsed JSON and of mistakes give. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Emulator } from '../../src/emulator/index.js'
import {
  DownloadStream,
  type ObjectContent,
  ObjectStore,
  openStore,
  UploadError,
  UploadStream,
  UploadTransform,
} from '../../src/index.js'
import { unfinishedUploads } from '../support/emulated-store.js'
import { VERBS } from '../support/verbs.js'
import type { ChaosOutcome, ChaosSubject } from './chaos.js'

class Thrown extends Error {}

const fail = (): never => {
  throw new Thrown('of the caller')
}

const detached = new Uint8Array(8)
structuredClone(detached.buffer, { transfer: [detached.buffer] })
const revoked = Proxy.revocable({}, {})
revoked.revoke()

/** By names, so that a plan can be printed. */
const VALUES: Readonly<Record<string, (file: string) => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  zero: () => 0,
  one: () => 1,
  negative: () => -1,
  fraction: () => 1.5,
  'not a number': () => NaN,
  infinity: () => Infinity,
  'large number': () => 2 ** 53,
  bigint: () => 7n,
  symbol: () => Symbol('s'),
  'empty text': () => '',
  path: (file) => `${file}.of the caller`,
  'half of a pair': () => 'a\ud800b',
  'long text': () => 'x'.repeat(100_000),
  'control characters': () => 'a\r\nb\0\u009b\u202e',
  list: () => [],
  'list of anything': () => [1, null, 'a', {}],
  object: () => ({}),
  map: () => new Map([['a', 'b']]),
  bytes: () => new Uint8Array(32),
  'transferred bytes': () => detached,
  date: () => new Date(),
  'invalid date': () => new Date(NaN),
  function: () => () => undefined,
  'function that throws': () => fail,
  promise: () => Promise.resolve(1),
  'promise that rejects': () => {
    const promise = Promise.reject(new Thrown('of the caller'))
    promise.catch(() => undefined)
    return promise
  },
  'object without a prototype': () => Object.create(null) as unknown,
  'object with getters that throw': () => ({
    get url() {
      return fail()
    },
    get start() {
      return fail()
    },
    get algorithm() {
      return fail()
    },
    get a() {
      return fail()
    },
  }),
  'object that cannot be shown': () => ({
    toString: fail,
    [Symbol.toPrimitive]: fail,
    [Symbol.for('nodejs.util.inspect.custom')]: fail,
  }),
  'revoked proxy': () => revoked.proxy,
  'proxy that throws': () => new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail }),
  'proxy of nothing': () => new Proxy({}, {}),
  'aborted signal': () => AbortSignal.abort(),
  cycle: () => {
    const value: Record<string, unknown> = {}
    value['self'] = value
    return value
  },
}

interface ValuesPlan {
  verb: string
  /** By names of options, names of values. */
  options: Record<string, string>
}

const plans = fc.constantFrom(...Object.keys(VERBS)).chain((verb) =>
  fc
    .array(fc.tuple(fc.constantFrom(...VERBS[verb]!.options), fc.constantFrom(...Object.keys(VALUES))), {
      minLength: 1,
      maxLength: 2,
    })
    .map((pairs): ValuesPlan => ({ verb, options: Object.fromEntries(pairs) })),
)

/** Uses what a call returned, so that options that are looked at late are looked at as well. */
async function settle(store: ObjectStore, verb: string, result: unknown): Promise<void> {
  if (result instanceof ObjectStore) await result.close()
  else if (result instanceof UploadStream || result instanceof UploadTransform) {
    result.on('error', () => undefined).end('body')
    if (result instanceof UploadTransform) result.resume()
    await result.done
  } else if (result instanceof DownloadStream) {
    result.on('error', () => undefined).resume()
    await result.done
  } else if (verb === 'initiateMultipartUpload()') {
    await store.abortMultipartUpload({ key: 'k', uploadId: result as string })
  } else if (verb === 'get()') (result as ObjectContent).body.on('error', () => undefined).destroy()
}

/** A call succeeds, or fails with an error of ours or of the caller; nothing is left behind. */
async function carryOut(
  { verb, options }: ValuesPlan,
  emulator: Emulator,
  _key: string,
  file: string,
): Promise<ChaosOutcome> {
  const { endpoint, region, credentials } = emulator
  const retry = { maxAttempts: 2, baseDelayMs: 1 }
  const store = openStore({ bucket: 'bucket', endpoint, region, credentials, retry })
  const { call, others = () => ({}) } = VERBS[verb]!
  const values = Object.entries(options).map(([name, value]) => [name, VALUES[value]!(file)])
  try {
    const given = { ...others(store), ...Object.fromEntries(values) } as never
    await settle(store, verb, await call(store, given, file))
    return { stored: true }
  } catch (error) {
    if (!(error instanceof UploadError || error instanceof Thrown)) throw error
    return { stored: false, error }
  } finally {
    assert.deepEqual(await unfinishedUploads(store), [])
    await store.close()
  }
}

export const VALUES_OF_OPTIONS: ChaosSubject<ValuesPlan> = { plans, carryOut }
