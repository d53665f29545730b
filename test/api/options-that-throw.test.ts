import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import {
  combineCrc64,
  createDownloadStream,
  createUploadStream,
  type ObjectStore,
  UploadError,
} from '../../src/index.js'
import { emulatedStore } from '../support/emulated-store.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { ADDRESS, first, VERBS } from '../support/verbs.js'

const MINE = new Error('of the caller')
const fail = (): never => {
  throw MINE
}

/** An object with these properties, and one more that throws when it is read: its own, or one of its class. */
function withGetter(name: string, others: object, isOfClass: boolean): object {
  const getter = { [name]: { get: fail, enumerable: true, configurable: true } }
  return isOfClass
    ? Object.assign(Object.create(Object.defineProperties({}, getter)) as object, others)
    : Object.defineProperties({ ...others }, getter)
}

const traps = Object.fromEntries(
  ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'defineProperty'].map((trap) => [trap, fail]),
)
const transferred = new Uint8Array(32)
structuredClone(transferred.buffer, { transfer: [transferred.buffer] })
const revoked = Proxy.revocable({}, {})
revoked.revoke()

/** They throw whatever is asked of them. */
const HOSTILE: readonly unknown[] = [
  new Proxy({}, traps),
  new Proxy([], traps),
  new Proxy(() => undefined, traps),
  revoked.proxy,
  {
    toString: fail,
    valueOf: fail,
    toJSON: fail,
    [Symbol.toPrimitive]: fail,
    [inspect.custom]: fail,
    get [Symbol.toStringTag]() {
      return fail()
    },
  },
]

/** Parts of options. */
const NESTED: readonly (readonly [verb: string, option: string, part: string, others: object])[] = [
  ['openStore()', 'retry', 'maxAttempts', {}],
  ['openStore()', 'timeouts', 'answerMs', {}],
  ['openStore()', 'credentials', 'accessKeySecret', { accessKeyId: 'a' }],
  ['openStore()', 'credentials', 'getCredential', {}],
  ['openStore()', 'dispatcher', 'dispatch', {}],
  ['upload()', 'callback', 'url', { body: 'b' }],
  ['upload()', 'callback', 'variables', { url: 'http://127.0.0.1', body: 'b' }],
  ['upload()', 'serverSideEncryption', 'algorithm', {}],
  ['get()', 'serverSideEncryption', 'customerKey', {}],
  ['store.createDownloadStream()', 'serverSideEncryption', 'customerKey', {}],
  ['upload()', 'inspect', 'bytes', {}],
  ['upload()', 'inspect', 'end', { bytes: () => undefined }],
  ['upload()', 'checkpoint', 'write', { read: () => undefined, remove: () => undefined }],
  ['uploadFile()', 'checkpoint', 'uploadId', {}],
  ['upload()', 'signal', 'aborted', {}],
  ['get()', 'range', 'start', {}],
  ['store.createDownloadStream()', 'range', 'end', { start: 0 }],
  ['list()', 'after', 'token', {}],
  ['listMultipartUploads()', 'after', 'uploadId', { key: 'k' }],
]
/** Names and values that the caller chooses: what is read are the own ones. */
const RECORDS = [
  ['upload()', 'metadata'],
  ['upload()', 'headers'],
  ['upload()', 'tagging'],
  ['uploadCommand()', 'env'],
] as const

/** Arguments beside the options. */
const ARGUMENTS: Readonly<Record<string, (store: ObjectStore, value: never, file: string) => unknown>> = {
  'the target of createUploadStream()': (_store, value) => createUploadStream(value),
  'the target of createDownloadStream()': (_store, value) => createDownloadStream(value),
  'the key of upload()': (store, value) => store.upload(value, 'body'),
  'the key of uploadFile()': (store, value, file) => store.uploadFile(value, file),
  'the key of createDownloadStream()': (store, value) => store.createDownloadStream(value),
  'the key of get()': (store, value) => store.get(value),
  'the key of presign()': (store, value) => store.presign(value),
  'the key of locationOf()': (store, value) => store.locationOf(value),
  'the path of uploadFile()': (store, value) => store.uploadFile('k', value),
  'the path of downloadFile()': (store, value) => store.downloadFile('k', value),
  'the command of uploadCommand()': (store, value) => store.uploadCommand('k', value),
  'the arguments of uploadCommand()': (store, value) => store.uploadCommand('k', 'true', value),
  'an argument of uploadCommand()': (store, value) => store.uploadCommand('k', 'true', [value]),
  'the upload of uploadPart()': (store, value) => store.uploadPart(value, 1, Buffer.alloc(1)),
  'the upload of listParts()': (store, value) => first(store.listParts(value)),
  'the number of uploadPart()': (store, value) => store.uploadPart(ADDRESS, value, Buffer.alloc(1)),
  'the parts of completeMultipartUpload()': (store, value) => store.completeMultipartUpload(ADDRESS, value),
  'a part of completeMultipartUpload()': (store, value) => store.completeMultipartUpload(ADDRESS, [value]),
  'the parts of combineCrc64()': (_store, value) => combineCrc64(value),
  'a part of combineCrc64()': (_store, value) => combineCrc64([value]),
  'the checkpoint of discardCheckpoint()': (store, value) => store.discardCheckpoint(value),
  'the size of planParts()': (store, value) => store.planParts(value),
}

async function setUp(t: TestContext) {
  const unhandled: unknown[] = []
  const onUnhandled = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', onUnhandled).on('uncaughtException', onUnhandled)
  const { emulator, store } = await emulatedStore(t)
  const file = join(await temporaryFolder(t), 'file')
  writeFileSync(file, 'body')
  const nothingElse = async (): Promise<void> => {
    await turn()
    process.off('unhandledRejection', onUnhandled).off('uncaughtException', onUnhandled)
    assert.deepEqual(unhandled, [])
    assert.deepEqual(emulator.requests, [], 'something was sent')
  }
  return { store, file, nothingElse }
}

/** Asserts that the call is refused by an error that names the option. Returns it. */
async function refused(call: () => unknown, name: string, what: string): Promise<UploadError> {
  const error: unknown = await Promise.resolve()
    .then(call)
    .then(
      () => assert.fail(`${what}: it was not refused`),
      (thrown: unknown) => thrown,
    )
  assert.ok(
    error instanceof UploadError,
    `${what}: ${error === MINE ? 'the error of the getter' : inspectSafely(error)}`,
  )
  assert.ok(['INVALID_OPTION', 'MISSING_CREDENTIALS'].includes(error.code), `${what}: ${error.code}`)
  assert.ok(error.message.includes(name), `${what}: not named in ${error.message}`)
  return error
}

function inspectSafely(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '') : typeof error
}

describe('an option that throws when it is read', () => {
  for (const [verb, { options, call, others = () => ({}) }] of Object.entries(VERBS)) {
    it(`is named by ${verb}, which sends nothing`, async (t) => {
      const { store, file, nothingElse } = await setUp(t)
      for (const name of options) {
        for (const isOfClass of [false, true]) {
          const given = withGetter(name, without(others(store), name), isOfClass)
          const error = await refused(() => call(store, given as never, file), name, name)
          assert.equal(error.cause, MINE)
        }
      }
      for (const given of HOSTILE.slice(0, 4))
        await refused(() => call(store, given as never, file), verb === 'openStore()' ? ' ' : 'options', 'all')
      await nothingElse()
    })

    it(`is named by ${verb} also as a value of which anything throws`, async (t) => {
      const { store, file, nothingElse } = await setUp(t)
      for (const name of options) {
        for (const [index, value] of HOSTILE.entries()) {
          const given = { ...others(store), [name]: value }
          // A function is what these are to be, and nothing more is asked of it here.
          if (typeof value === 'function' && isFunction(name)) continue
          await refused(() => call(store, given as never, file), name, `${name}, value ${index}`)
        }
      }
      await nothingElse()
    })
  }

  it('is named where it is part of another one', async (t) => {
    const { store, file, nothingElse } = await setUp(t)
    for (const [verb, option, part, others] of NESTED) {
      for (const isOfClass of [false, true]) {
        const { call, others: needed = () => ({}) } = VERBS[verb]!
        const given = { ...needed(store), [option]: withGetter(part, others, isOfClass) }
        const error = await refused(() => call(store, given as never, file), option, `${option}.${part}`)
        assert.equal(error.cause, MINE)
      }
    }
    for (const [verb, option] of RECORDS) {
      const given = { [option]: withGetter('name', {}, false) }
      const error = await refused(() => VERBS[verb]!.call(store, given as never, file), `${option}["name"]`, option)
      assert.equal(error.cause, MINE)
    }
    await nothingElse()
  })

  it('is named where it is bytes whose memory was transferred', async (t) => {
    const { store, file, nothingElse } = await setUp(t)
    for (const verb of [
      'initiateMultipartUpload()',
      'upload()',
      'uploadPart()',
      'get()',
      'store.createDownloadStream()',
    ]) {
      const { call, others = () => ({}) } = VERBS[verb]!
      const given = { ...others(store), serverSideEncryption: { customerKey: transferred } }
      await refused(() => call(store, given as never, file), 'serverSideEncryption.customerKey', verb)
    }
    await nothingElse()
  })

  for (const [what, call] of Object.entries(ARGUMENTS)) {
    it(`is named where it is ${what}`, async (t) => {
      const { store, file, nothingElse } = await setUp(t)
      for (const [index, value] of HOSTILE.entries())
        await refused(() => call(store, value as never, file), nameIn(what, index), `value ${index}`)
      await nothingElse()
    })
  }

  it('is no longer read after the call was made', async (t) => {
    const { store } = await emulatedStore(t)
    let reads = 0
    const options = {
      metadata: { a: '1' },
      get partSize() {
        reads += 1
        return 102_400 * reads
      },
    }
    const upload = store.createUploadStream('k', options)
    options.metadata.a = '2'
    upload.end('body')
    await upload.done
    assert.equal(reads, 1)
    assert.deepEqual((await store.head('k')).metadata, { a: '1' })
  })

  it('may be an instance of a class, or a transparent proxy', async (t) => {
    const { store } = await emulatedStore(t)
    class Options {
      get contentType(): string {
        return 'text/plain'
      }

      get serverSideEncryption(): object {
        return new Proxy({ algorithm: 'AES256' }, {})
      }

      readonly metadata = new Proxy({ a: '1' }, {})
    }
    await store.upload('k', 'body', new Options())
    const { contentType, metadata, serverSideEncryption } = await store.head('k')
    assert.deepEqual({ contentType, metadata }, { contentType: 'text/plain', metadata: { a: '1' } })
    assert.ok(serverSideEncryption !== undefined)
  })

  it('leaves no source without a listener of its errors', async (t) => {
    const { store, nothingElse } = await setUp(t)
    const options = withGetter('partSize', {}, false)
    for (const send of [
      (source: Readable) => store.upload('k', source, options),
      (source: Readable) => store.uploadPart(ADDRESS, 1, source, withGetter('length', {}, false)),
      (source: Readable) =>
        store.uploadCommand('k', 'cat', [], {
          ...{ stdin: source },
          get partSize() {
            return fail()
          },
        }),
      (source: Readable) => store.uploadCommand('k', 'cat', [], { stdin: source, graceMs: -1 }),
    ]) {
      const source = new Readable({ read: () => undefined })
      await assert.rejects(send(source), UploadError)
      source.emit('error', new Error('late'))
      assert.equal(source.destroyed, true)
    }
    await nothingElse()
  })
})

/** What a message names. The last value may be an object without the properties that are needed. */
function nameIn(what: string, index: number): string {
  const word = /^(?:the|an?) (\w+)/.exec(what)![1]!
  if (index === HOSTILE.length - 1 && word === 'upload') return 'key'
  if (index === HOSTILE.length - 1 && what === 'a part of combineCrc64()') return 'size'
  return { arguments: 'args', argument: 'args', number: 'partNumber' }[word] ?? word
}

function without(options: object, name: string): object {
  return Object.fromEntries(Object.entries(options).filter(([other]) => other !== name))
}

function isFunction(name: string): boolean {
  return name.startsWith('on') || ['stderr', 'credentials', 'dispatcher'].includes(name)
}
