/** Uploads of chunks of any kind, by sources and callbacks that throw values of any kind. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { inspect } from 'node:util'
import vm from 'node:vm'
import fc from 'fast-check'
import type { Emulator } from '../../../src/emulator/index.js'
import { type ObjectStore, openStore, UploadError, type UploadOptions, type UploadResult } from '../../../src/index.js'
import { someBytes } from '../../support/bytes.js'
import { type ChaosOutcome, type ChaosSubject } from '../chaos.js'
import { checkStored } from '../stored.js'

const PART = 100 * 1024
const LENGTH = 40_000

class Planned extends Error {}

interface Chunk {
  value: unknown
  /** Undefined where it must not be accepted. */
  bytes: Buffer | undefined
  /** Called when the source is asked for its next chunk. */
  taken?: () => void
}

const bytesOf = (seed: number): Buffer => someBytes(LENGTH, seed)
const copied = (seed: number): Uint8Array<ArrayBuffer> => {
  const copy = new Uint8Array(LENGTH)
  copy.set(bytesOf(seed))
  return copy
}

/** By names, so that a plan can be printed. */
const CHUNKS: Readonly<Record<string, (seed: number) => Chunk>> = {
  buffer: (seed) => ({ value: bytesOf(seed), bytes: bytesOf(seed) }),
  'view of an array': (seed) => ({ value: copied(seed).subarray(10), bytes: bytesOf(seed).subarray(10) }),
  'bytes of another realm': (seed) => {
    const value = vm.runInNewContext(`new Uint8Array(${LENGTH})`) as Uint8Array
    value.set(bytesOf(seed))
    return { value, bytes: bytesOf(seed) }
  },
  'shared memory': (seed) => {
    const value = new Uint8Array(new SharedArrayBuffer(LENGTH))
    value.set(bytesOf(seed))
    return { value, bytes: bytesOf(seed) }
  },
  'data view': (seed) => ({ value: new DataView(copied(seed).buffer), bytes: bytesOf(seed) }),
  'floating point numbers': (seed) => ({ value: new Float64Array(copied(seed).buffer), bytes: bytesOf(seed) }),
  'array buffer': (seed) => ({ value: copied(seed).buffer, bytes: bytesOf(seed) }),
  empty: () => ({ value: new Uint8Array(0), bytes: Buffer.alloc(0) }),
  text: () => ({ value: 'text é', bytes: Buffer.from('text é') }),
  'half of a pair': () => ({ value: 'a\ud800b', bytes: Buffer.from('a\ud800b') }),
  'changed when taken': (seed) => {
    const value = copied(seed)
    return { value, bytes: bytesOf(seed), taken: () => void value.fill(0) }
  },
  'transferred when taken': (seed) => {
    const value = copied(seed)
    const taken = (): void => void structuredClone(value.buffer, { transfer: [value.buffer] })
    return { value, bytes: bytesOf(seed), taken }
  },
  transferred: (seed) => {
    const value = copied(seed)
    structuredClone(value.buffer, { transfer: [value.buffer] })
    return { value, bytes: undefined }
  },
  number: () => ({ value: 42, bytes: undefined }),
  'not a number': () => ({ value: NaN, bytes: undefined }),
  null: () => ({ value: null, bytes: undefined }),
  undefined: () => ({ value: undefined, bytes: undefined }),
  symbol: () => ({ value: Symbol('chunk'), bytes: undefined }),
  bigint: () => ({ value: 7n, bytes: undefined }),
  function: () => ({ value: () => undefined, bytes: undefined }),
  'list of numbers': () => ({ value: [1, 2, 3], bytes: undefined }),
  'object with a length': () => ({ value: { length: 5, 0: 1 }, bytes: undefined }),
  'proxy that throws': () => ({ value: new Proxy(new Uint8Array(5), { get: fail }), bytes: undefined }),
  'object like bytes': () => ({ value: Object.create(Uint8Array.prototype) as unknown, bytes: undefined }),
}

const fail = (): never => {
  throw new Planned('of the caller')
}

const THROWN: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  number: () => 42,
  text: () => 'text',
  symbol: () => Symbol('thrown'),
  bigint: () => 7n,
  object: () => ({ code: 'NETWORK' }),
  'frozen error': () => Object.freeze(new Planned('frozen')),
  'error whose message throws': () =>
    Object.defineProperty(new Planned('a'), 'message', { get: fail, configurable: true }),
  'error whose code throws': () => Object.defineProperty(new Planned('a'), 'code', { get: fail }),
  'error of another realm': () => vm.runInNewContext('new TypeError("of another realm")') as unknown,
  'proxy that throws': () => new Proxy(new Planned('a'), { get: fail, getPrototypeOf: fail, defineProperty: fail }),
  'revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable(new Planned('a'), {})
    revoke()
    return proxy
  },
  'error that is its own cause': () => {
    const error = new Planned('cycle')
    return Object.assign(error, { cause: error })
  },
}

type Where = 'source' | 'onProgress' | 'onPart' | 'onInitiated' | 'inspect' | 'destroy' | 'abort'

interface SourcesPlan {
  method: 'stream' | 'generator' | 'async generator' | 'list'
  chunks: string[]
  thrown: { where: Where; what: string; after: number } | undefined
}

const plans: fc.Arbitrary<SourcesPlan> = fc.record({
  method: fc.constantFrom('stream', 'generator', 'async generator', 'list'),
  chunks: fc.array(fc.oneof({ arbitrary: fc.constant('buffer'), weight: 2 }, fc.constantFrom(...Object.keys(CHUNKS))), {
    maxLength: 6,
  }),
  thrown: fc.option(
    fc.record({
      where: fc.constantFrom('source', 'onProgress', 'onPart', 'onInitiated', 'inspect', 'destroy', 'abort'),
      what: fc.constantFrom(...Object.keys(THROWN)),
      after: fc.nat({ max: 4 }),
    }),
    { nil: undefined },
  ),
})

export const SOURCES: ChaosSubject<SourcesPlan> = { plans, carryOut }

async function carryOut(plan: SourcesPlan, emulator: Emulator, key: string): Promise<ChaosOutcome> {
  const { endpoint, region, credentials } = emulator
  const store = openStore({ bucket: 'chaos', endpoint, region, credentials, retry: { maxAttempts: 2, baseDelayMs: 1 } })
  const chunks = plan.chunks.map((name, i) => CHUNKS[name]!(i + 1))
  try {
    let failure: { reason: unknown } | undefined
    const result = await upload(store, key, plan, chunks).catch((reason: unknown) => {
      failure = { reason }
      return undefined
    })
    if (failure !== undefined) assertExpected(failure.reason, plan)
    const wanted = chunks.map(({ bytes }) => bytes)
    assert.ok(result === undefined || !wanted.includes(undefined), 'a chunk that is no bytes was accepted')
    const bytes = Buffer.concat(wanted.map((each) => each ?? Buffer.alloc(0)))
    await checkStored(store, {
      key,
      bytes,
      forbidOverwrite: false,
      gaveUp: true,
      result: result ?? new Error('failed'),
    })
    await store.upload(`${key} later`, 'later')
    return result === undefined ? { stored: false, error: new Planned('failed') } : { stored: true }
  } finally {
    await store.close()
  }
}

/** An error of ours, what the caller threw, or an error of the stream of Node.js that is written to. */
function assertExpected(reason: unknown, { method, thrown }: SourcesPlan): void {
  // A proxy of the caller may throw whatever is asked of it.
  if (thrown !== undefined && !isOurs(reason)) return
  if (isOurs(reason) || reason instanceof Planned) return
  const { code = '' } = reason as { code?: string }
  if (method === 'stream' && reason instanceof TypeError && reason.message.includes('detached ArrayBuffer')) return
  if (method === 'stream' && /^ERR_(?:INVALID_ARG_TYPE|STREAM_NULL_VALUES)$/.test(code)) return
  throw new Error(`this is no error of ours: ${inspect(reason)}`)
}

function isOurs(reason: unknown): boolean {
  try {
    return reason instanceof UploadError
  } catch {
    return false
  }
}

async function upload(
  store: ObjectStore,
  key: string,
  { method, thrown }: SourcesPlan,
  chunks: readonly Chunk[],
): Promise<UploadResult> {
  const controller = new AbortController()
  const calls = new Map<Where, number>()
  const due = (where: Where): void => {
    const count = calls.get(where) ?? 0
    calls.set(where, count + 1)
    if (thrown?.where === where && count === Math.min(thrown.after, 1)) throw THROWN[thrown.what]!()
  }
  const options: UploadOptions = {
    partSize: PART,
    signal: controller.signal,
    onProgress: () => due('onProgress'),
    onPart: () => due('onPart'),
    onInitiated: () => due('onInitiated'),
    inspect: { bytes: () => due('inspect') },
  }
  if (method === 'stream') return writeAll(store, key, options, chunks, thrown, controller)
  const onChunk = (i: number): void => {
    if (i !== thrown?.after) return
    if (thrown.where === 'source') throw THROWN[thrown.what]!()
    if (thrown.where === 'abort') controller.abort(THROWN[thrown.what]!())
  }
  if (method === 'list') {
    onChunk(-1)
    return store.upload(key, chunks.map(({ value }) => value) as never, options)
  }
  return store.upload(key, (method === 'generator' ? sync : async)(chunks, onChunk) as never, options)
}

function* sync(chunks: readonly Chunk[], onChunk: (i: number) => void): Generator {
  for (const [i, { value, taken }] of chunks.entries()) {
    onChunk(i)
    yield value
    taken?.()
  }
}

async function* async(chunks: readonly Chunk[], onChunk: (i: number) => void): AsyncGenerator {
  for (const [i, { value, taken }] of chunks.entries()) {
    await new Promise(setImmediate)
    onChunk(i)
    yield value
    taken?.()
  }
}

async function writeAll(
  store: ObjectStore,
  key: string,
  options: UploadOptions,
  chunks: readonly Chunk[],
  thrown: SourcesPlan['thrown'],
  controller: AbortController,
): Promise<UploadResult> {
  const stream = store.createUploadStream(key, options)
  stream.on('error', () => undefined)
  try {
    for (const [i, { value, taken }] of chunks.entries()) {
      if (i === thrown?.after && thrown.where === 'destroy') stream.destroy(THROWN[thrown.what]!() as Error)
      if (i === thrown?.after && thrown.where === 'abort') controller.abort(THROWN[thrown.what]!())
      await new Promise<void>((resolve) => {
        stream.once('close', resolve)
        // What it throws at once is given to whoever writes.
        stream.write(value, () => resolve())
      })
      taken?.()
    }
  } catch (error) {
    stream.destroy(error as Error)
    if (!stream.closed) await once(stream, 'close')
    throw error
  }
  stream.end()
  return stream.done
}
