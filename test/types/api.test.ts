/** What the compiler says of the API: these tests fail when they are compiled (`npm run typecheck`), not when they run. */
import { createReadStream } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import type Credential from '@alicloud/credentials'
import { expectTypeOf } from 'expect-type'
import type {
  Callback,
  createUploadStream,
  CreateUploadOptions,
  createUploadTransform,
  CredentialsOption,
  DownloadEvents,
  FileDownloadOptions,
  ListedPart,
  ListedUpload,
  ObjectContent,
  ObjectHead,
  ObjectInfo,
  ObjectStore,
  openStore,
  PartBody,
  PartRange,
  PartsPage,
  SentPart,
  StoredObject,
  StoreOptions,
  UploadCallbacks,
  UploadedPart,
  UploadError,
  UploadErrorCode,
  UploadEvents,
  UploadOptions,
  UploadProgress,
  UploadResult,
  UploadsPage,
  UploadStream,
  UploadTransform,
} from '../../src/index.js'
import type { Emulator, EmulatorOptions, Fault, startEmulator } from '../../src/emulator/index.js'

describe('the types', () => {
  it('are those of streams, with a typed result', () => {
    expectTypeOf<typeof createUploadStream>().toEqualTypeOf<
      (target: string, options?: CreateUploadOptions) => UploadStream
    >()
    expectTypeOf<typeof createUploadTransform>().toEqualTypeOf<
      (target: string, options?: CreateUploadOptions) => UploadTransform
    >()
    expectTypeOf<UploadStream>().toExtend<Writable>()
    expectTypeOf<UploadStream>().toExtend<NodeJS.WritableStream>()
    expectTypeOf<UploadStream>().toExtend<AsyncDisposable>()
    expectTypeOf<UploadTransform>().toExtend<Writable & Readable>()
    for (const upload of [] as UploadStream[]) {
      expectTypeOf(createReadStream('file').pipe(upload)).toEqualTypeOf<UploadStream>()
    }
    for (const upload of [] as (UploadStream | UploadTransform)[]) {
      expectTypeOf(upload.done).toEqualTypeOf<Promise<UploadResult>>()
      expectTypeOf(upload.progress).toEqualTypeOf<UploadProgress>()
      expectTypeOf(upload.uploadId).toEqualTypeOf<string | undefined>()
    }
  })

  it('have an event for each callback, with the same values, and a callback for each event', () => {
    type CallbackOf<Event extends string> = `on${Capitalize<Event>}`
    expectTypeOf<keyof UploadCallbacks>().toEqualTypeOf<CallbackOf<Exclude<keyof UploadEvents, 'progress'>>>()
    expectTypeOf<CallbackOf<keyof DownloadEvents>>().toExtend<keyof FileDownloadOptions>()
    type ValuesOf<Event extends keyof UploadEvents> = Parameters<
      NonNullable<Required<UploadOptions>[CallbackOf<Event>]>
    >
    expectTypeOf<{ [Event in keyof UploadEvents]: ValuesOf<Event> }>().toEqualTypeOf<{
      [Event in keyof UploadEvents]: UploadEvents[Event]
    }>()
  })

  it('name what the calls return', () => {
    type Returned<T extends (...args: never[]) => unknown> = Awaited<ReturnType<T>>
    type Listed<T extends (...args: never[]) => AsyncIterable<unknown>> =
      ReturnType<T> extends AsyncIterable<infer Item> ? Item : never
    expectTypeOf<Returned<ObjectStore['head']>>().toEqualTypeOf<ObjectHead>()
    expectTypeOf<ObjectInfo>().toEqualTypeOf<ObjectHead>()
    expectTypeOf<Returned<ObjectStore['get']>>().toEqualTypeOf<ObjectContent>()
    expectTypeOf<Returned<ObjectStore['upload']>>().toEqualTypeOf<UploadResult>()
    expectTypeOf<Returned<ObjectStore['uploadFile']>>().toEqualTypeOf<UploadResult>()
    expectTypeOf<Returned<ObjectStore['uploadPart']>>().toEqualTypeOf<SentPart>()
    expectTypeOf<Returned<ObjectStore['completeMultipartUpload']>>().toEqualTypeOf<StoredObject>()
    expectTypeOf<ReturnType<ObjectStore['planParts']>>().toEqualTypeOf<PartRange[]>()
    expectTypeOf<Listed<ObjectStore['listParts']>>().toEqualTypeOf<ListedPart>()
    expectTypeOf<Listed<ObjectStore['listMultipartUploads']>>().toEqualTypeOf<ListedUpload>()
    expectTypeOf<Listed<ObjectStore['listPartPages']>>().toEqualTypeOf<PartsPage>()
    expectTypeOf<Listed<ObjectStore['listMultipartUploadPages']>>().toEqualTypeOf<UploadsPage>()
    for (const { crc64 } of [] as (ObjectHead | ListedPart | StoredObject)[]) {
      expectTypeOf(crc64).toEqualTypeOf<string | undefined>()
    }
  })

  it('have typed events and listeners', () => {
    for (const upload of [] as UploadStream[]) {
      upload
        .on('part', (part) => expectTypeOf(part).toEqualTypeOf<UploadedPart>())
        .on('initiated', (uploadId) => expectTypeOf(uploadId).toEqualTypeOf<string>())
        .once('progress', (progress) => expectTypeOf(progress).toEqualTypeOf<UploadProgress>())
        .on('retry', ({ attempt, reason }) => {
          expectTypeOf(attempt).toEqualTypeOf<number>()
          expectTypeOf(reason).toEqualTypeOf<string>()
        })
        .on('error', (error) => expectTypeOf(error).toEqualTypeOf<Error>())
        .on('finish', () => undefined)
    }
  })

  it('keep checksums text, and what may be absent optional', () => {
    expectTypeOf<UploadResult['crc64']>().toEqualTypeOf<string>()
    expectTypeOf<UploadedPart['crc64']>().toEqualTypeOf<string>()
    expectTypeOf<ObjectInfo['crc64']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<ObjectContent>().toExtend<ObjectInfo>()
    expectTypeOf<ObjectContent['body']>().toEqualTypeOf<Readable>()
    expectTypeOf<UploadResult['uploadId']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<UploadResult['callback']>().toEqualTypeOf<unknown>()
  })

  it('accept credentials, a function that gets them, and the client of Alibaba Cloud', () => {
    expectTypeOf<{ accessKeyId: string; accessKeySecret: string }>().toExtend<CredentialsOption>()
    expectTypeOf<{
      accessKeyId: string
      accessKeySecret: string
      securityToken: string
    }>().toExtend<CredentialsOption>()
    expectTypeOf<
      () => Promise<{ accessKeyId: string; accessKeySecret: string; expiration: Date }>
    >().toExtend<CredentialsOption>()
    expectTypeOf<Credential.default>().toExtend<CredentialsOption>()
    expectTypeOf<{ accessKeyId: string }>().not.toExtend<CredentialsOption>()
  })

  it('accept options that are undefined, and no misspelt ones', () => {
    expectTypeOf<typeof openStore>().toEqualTypeOf<(options?: StoreOptions) => ObjectStore>()
    expectTypeOf<{ region: string | undefined }>().toExtend<StoreOptions>()
    expectTypeOf<{ partSize: undefined; signal: AbortSignal | undefined }>().toExtend<UploadOptions>()
    expectTypeOf<{ partsize: number }>().not.toExtend<UploadOptions>()
    expectTypeOf<{ addressing: 'host' }>().not.toExtend<StoreOptions>()
    expectTypeOf<{ url: string }>().not.toExtend<Callback>()
    expectTypeOf<UploadOptions>().toExtend<CreateUploadOptions>()
  })

  it('let a program distinguish errors by their codes', () => {
    expectTypeOf<UploadError>().toExtend<Error>()
    expectTypeOf<UploadError['code']>().toEqualTypeOf<UploadErrorCode>()
    expectTypeOf<'ALREADY_EXISTS'>().toExtend<UploadErrorCode>()
    expectTypeOf<'SOMETHING_ELSE'>().not.toExtend<UploadErrorCode>()
    expectTypeOf<UploadError['requestId']>().toEqualTypeOf<string | undefined>()
  })

  it('give listings as async iterables', () => {
    for (const store of [] as ObjectStore[]) {
      expectTypeOf(store.listParts({ key: 'k', uploadId: 'id' })).toExtend<
        AsyncIterable<Omit<ListedPart, 'crc64'> & { crc64?: string }>
      >()
      expectTypeOf(store.listMultipartUploads()).toExtend<AsyncIterable<ListedUpload>>()
    }
  })

  it('take a part from bytes, Blobs and streams of any make', () => {
    expectTypeOf<Buffer>().toExtend<PartBody>()
    expectTypeOf<ReturnType<Blob['stream']>>().toExtend<PartBody>()
    expectTypeOf<Blob>().toExtend<PartBody>()
    expectTypeOf<Readable>().toExtend<PartBody>()
    expectTypeOf<AsyncGenerator<Uint8Array>>().toExtend<PartBody>()
    expectTypeOf<string>().not.toExtend<PartBody>()
    expectTypeOf<number[]>().not.toExtend<PartBody>()
  })

  it('start the emulator', () => {
    expectTypeOf<typeof startEmulator>().toEqualTypeOf<(options?: EmulatorOptions) => Promise<Emulator>>()
    expectTypeOf<Emulator>().toExtend<AsyncDisposable>()
    expectTypeOf<Pick<Emulator, 'endpoint' | 'region' | 'credentials'>>().toExtend<StoreOptions>()
    expectTypeOf<{ action: { type: 'error'; status: number; code: string } }>().toExtend<Fault>()
    expectTypeOf<{ action: { type: 'explode' } }>().not.toExtend<Fault>()
  })
})
