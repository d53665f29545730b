import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { UploadError } from '../../src/shared/errors.js'
import type { ObjectOptions } from '../../src/stores/object/object-options.js'
import type {
  CallContext,
  CompletedPart,
  ObjectHead,
  ObjectReceiver,
  PartReceipt,
  PartsPage,
  PartsPageRequest,
  PartUpload,
  StoreDriver,
  StoredObject,
  StoreLimits,
  UploadAddress,
  ObjectsPage,
  UploadsPage,
} from '../../src/stores/store-driver.js'
import type { ObjectBody } from '../../src/stores/object/object-body.js'
import { crc64Of } from './scripted-service.js'

/** Bytes that a reader gets at a time. */
const CHUNK = 1000

export type Verb = 'put' | 'initiate' | 'part' | 'complete' | 'abort' | 'head' | 'list' | 'get'

/** What is about to happen, or what just did without anybody knowing yet. */
export interface Moment {
  verb: Verb
  when: 'before' | 'after'
  partNumber?: number
  context: CallContext
}

interface Stored {
  bytes: Buffer
  crc64: bigint | undefined
}

const LIMITS: StoreLimits = {
  minPartSize: 1,
  maxPartSize: MiB,
  maxParts: 10_000,
  maxObjectSize: 1024 * MiB,
  maxKeyBytes: 1023,
}

/**
 * A store in memory that keeps a log, and whose calls can be stopped, failed or waited for at either side of their
 * effect. A call ends early when its signal is aborted, as the real one does.
 */
export class MemoryDriver implements StoreDriver {
  readonly provider = 'oss'
  readonly bucket = 'bucket'
  readonly limits: StoreLimits
  readonly returnsChecksumWithRanges = true
  readonly hasCertainMd5Etags = true
  readonly objects = new Map<string, Stored>()
  readonly uploads = new Map<string, Map<number, Stored>>()
  /** The options that each call came with. */
  readonly options = new Map<Verb, ObjectOptions>()
  /** `initiate`, `part 1`, …, in the order they were begun. */
  readonly log: string[] = []
  /** Calls that have not settled. */
  inFlight = 0
  /** Most parts at a time. */
  mostParts = 0
  /** The checksum that answers tell. */
  returnedCrc64: (crc64: bigint | undefined) => bigint | undefined = (crc64) => crc64
  /** What the service makes of a part for an ETag. */
  etagOf: (bytes: Uint8Array, partNumber: number) => string = (_bytes, partNumber) => `"part-${partNumber}"`
  /** Parts on a page of a list. */
  pageSize = 1000
  /** Whether lists of parts have their CRC-64. */
  listsCrc64 = false
  /** The service's time in an answer to HEAD, and since when the object has been as it is. */
  returnedTimes: { answeredAt: Date; lastModified: Date } | undefined
  /** What heads tell as the metadata of an object. */
  metadata: Record<string, string> = {}
  /** Called at each moment: what it throws fails the call, and its promise is waited for. */
  on: (moment: Moment) => unknown = () => undefined
  #parts = 0
  #nextUpload = 1

  constructor(limits: Partial<StoreLimits> = {}) {
    this.limits = { ...LIMITS, ...limits }
  }

  /** The same service for the next process: what is stored stays, what the last one still waits for does not reach it. */
  forNextProcess(): MemoryDriver {
    const next = new MemoryDriver(this.limits)
    for (const [key, object] of this.objects) next.objects.set(key, object)
    for (const [uploadId, parts] of this.uploads) next.uploads.set(uploadId, new Map(parts))
    next.#nextUpload = this.#nextUpload
    next.etagOf = this.etagOf
    next.pageSize = this.pageSize
    next.listsCrc64 = this.listsCrc64
    return next
  }

  count(verb: Verb): number {
    return this.log.filter((entry) => entry.split(' ')[0] === verb).length
  }

  check(): void {
    // Everything is acceptable.
  }

  prepareConnections(): void {
    // There are none.
  }

  locationOf(key: string): string {
    return `memory://${key}`
  }

  putObject(key: string, body: ObjectBody, options: ObjectOptions, context: CallContext): Promise<StoredObject> {
    this.options.set('put', options)
    return this.#call('put', context, () => {
      this.objects.set(key, stored(Buffer.concat(body.segments)))
      context.onSent?.(body.size)
      return this.#answer(key)
    })
  }

  initiateMultipartUpload(_key: string, options: ObjectOptions, context: CallContext): Promise<string> {
    this.options.set('initiate', options)
    return this.#call('initiate', context, () => {
      const uploadId = `upload-${this.#nextUpload}`
      this.#nextUpload += 1
      this.uploads.set(uploadId, new Map())
      return uploadId
    })
  }

  async uploadPart(part: PartUpload, options: ObjectOptions, context: CallContext): Promise<PartReceipt> {
    const { partNumber, body } = part
    this.options.set('part', options)
    this.#parts += 1
    this.mostParts = Math.max(this.mostParts, this.#parts)
    try {
      return await this.#call(
        'part',
        context,
        () => {
          const kept = stored(Buffer.concat(body.segments))
          if (kept.crc64 !== body.crc64) throw new Error('the checksum of a part is not that of its bytes')
          this.#upload(part).set(partNumber, kept)
          context.onSent?.(body.size)
          return { etag: this.etagOf(kept.bytes, partNumber) }
        },
        partNumber,
      )
    } finally {
      this.#parts -= 1
    }
  }

  completeMultipartUpload(
    upload: UploadAddress,
    parts: readonly CompletedPart[],
    options: ObjectOptions,
    context: CallContext,
  ): Promise<StoredObject> {
    this.options.set('complete', options)
    return this.#call('complete', context, () => {
      const sent = this.#upload(upload)
      const listed = parts.map(({ partNumber }) => sent.get(partNumber)?.bytes)
      if (listed.some((bytes) => bytes === undefined)) throw new UploadError('REJECTED', 'InvalidPart')
      this.objects.set(upload.key, stored(Buffer.concat(listed.map((bytes) => bytes ?? Buffer.alloc(0)))))
      this.uploads.delete(upload.uploadId)
      return this.#answer(upload.key)
    })
  }

  abortMultipartUpload(upload: UploadAddress, context: CallContext): Promise<void> {
    return this.#call('abort', context, () => {
      this.uploads.delete(upload.uploadId)
    })
  }

  headObject(key: string, context: CallContext): Promise<ObjectHead> {
    return this.#call('head', context, () => this.#headOf(key))
  }

  listParts(upload: UploadAddress, page: PartsPageRequest, context: CallContext): Promise<PartsPage> {
    return this.#call('list', context, () => {
      const { after = 0 } = page
      const sent = [...this.#upload(upload)].sort(([a], [b]) => a - b).filter(([partNumber]) => partNumber > after)
      const parts = sent.slice(0, this.pageSize).map(([partNumber, { bytes, crc64 }]) => ({
        partNumber,
        size: bytes.length,
        etag: this.etagOf(bytes, partNumber),
        ...(this.listsCrc64 && crc64 !== undefined ? { crc64: String(crc64) } : {}),
      }))
      return sent.length > parts.length ? { parts, next: { after: parts.at(-1)?.partNumber ?? 0 } } : { parts }
    })
  }

  listMultipartUploads(): Promise<UploadsPage> {
    return Promise.reject(new Error('not needed'))
  }

  listObjects(): Promise<ObjectsPage> {
    return Promise.reject(new Error('not needed'))
  }

  getObject(): Promise<ObjectHead & { body: Readable; length: number }> {
    return Promise.reject(new Error('not needed'))
  }

  /** `on` is asked before each chunk. */
  async receiveObject(key: string, receiver: ObjectReceiver, context: CallContext): Promise<ObjectHead> {
    const head = await this.#call('get', context, () => this.#headOf(key))
    const { bytes } = this.objects.get(key) ?? stored(new Uint8Array(0))
    const { start = 0, end = bytes.length - 1 } = receiver.wanted() ?? {}
    const last = Math.min(end + 1, bytes.length)
    receiver.begin(head, { start, length: last - start, size: bytes.length })
    for (let at = start; at < last; at += CHUNK) {
      await endedBy(context.signal, () => this.on({ verb: 'get', when: 'before', context }))
      receiver.take(bytes.subarray(at, Math.min(at + CHUNK, last)))
    }
    return head
  }

  deleteObject(): Promise<void> {
    return Promise.reject(new Error('an upload deletes nothing'))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #call<T>(verb: Verb, context: CallContext, effect: () => T, partNumber?: number): Promise<T> {
    this.log.push(partNumber === undefined ? verb : `${verb} ${partNumber}`)
    this.inFlight += 1
    const moment = { verb, context, ...(partNumber === undefined ? {} : { partNumber }) }
    try {
      await endedBy(context.signal, () => this.on({ ...moment, when: 'before' }))
      const answer = effect()
      await endedBy(context.signal, () => this.on({ ...moment, when: 'after' }))
      return answer
    } finally {
      this.inFlight -= 1
    }
  }

  #upload({ uploadId }: UploadAddress): Map<number, Stored> {
    const upload = this.uploads.get(uploadId)
    if (upload === undefined) throw new UploadError('NO_SUCH_UPLOAD', 'NoSuchUpload')
    return upload
  }

  #headOf(key: string): ObjectHead {
    const object = this.objects.get(key)
    if (object === undefined) throw new UploadError('NOT_FOUND', 'NoSuchKey')
    const answer = this.#answer(key)
    const { crc64 } = answer
    const checksum = crc64 === undefined ? {} : { checksum: { algorithm: 'crc64ecma' as const, value: crc64 } }
    const { answeredAt, lastModified } = this.returnedTimes ?? {}
    const headers: Record<string, string> = answeredAt === undefined ? {} : { date: answeredAt.toUTCString() }
    const modified = lastModified === undefined ? {} : { lastModified }
    const facts = { size: object.bytes.length, metadata: this.metadata, headers, requestId: 'head', ...modified }
    return { ...answer, ...checksum, ...facts }
  }

  #answer(key: string): StoredObject {
    const crc64 = this.returnedCrc64(this.objects.get(key)?.crc64)
    return { etag: `"object ${key}"`, requestId: 'R', ...(crc64 === undefined ? {} : { crc64: String(crc64) }) }
  }
}

/** An upload's error: the answer was lost, and nobody knows whether the request took effect. */
export function lost(code: 'NETWORK' | 'TIMEOUT' | 'SERVICE_FAILED' = 'NETWORK'): UploadError {
  return new UploadError(code, 'the answer was lost', { outcomeUnknown: true })
}

export const SMALL_PART: number = 4 * KiB

function stored(bytes: Uint8Array): Stored {
  return { bytes: Buffer.from(bytes), crc64: crc64Of(bytes) }
}

async function endedBy(signal: AbortSignal | undefined, step: () => unknown): Promise<void> {
  let onAbort = (): void => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(new UploadError('ABORTED', 'cancelled', { outcomeUnknown: true }))
  })
  signal?.addEventListener('abort', onAbort)
  try {
    if (signal?.aborted === true) onAbort()
    await Promise.race([aborted, Promise.resolve().then(step)])
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
