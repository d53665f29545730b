/** Multipart uploads call by call, as the service has them: initiate, upload part, complete, abort. */
import { formatCrc64 } from '../checksum/decimal.js'
import { crc64Engine } from '../checksum/engine.js'
import { checkInteger, checkObject, checkString, invalidOption } from '../shared/check-option.js'
import { toError, UploadError } from '../shared/errors.js'
import { ObjectBody } from '../stores/object/object-body.js'
import { OBJECT_OPTION_NAMES, type ObjectOptions } from '../stores/object/object-options.js'
import type { CompletedPart, StoredObject, UploadAddress } from '../stores/store-driver.js'
import type { UploadHost } from '../upload/upload-observer.js'
import { type CallOptions, contextOf } from './call-options.js'
import { type WithCrc64Text, withCrc64Text } from './crc64-text.js'
import { fillPart, openPartSource, type PartBody, type PartSource, wrongLength } from './part-source.js'
import { checkUploadAddress } from './upload-address.js'

export interface UploadPartOptions
  extends CallOptions, Pick<ObjectOptions, 'contentMd5' | 'trafficLimit' | 'serverSideEncryption'> {
  /** Bytes of the body, at most `maxMemory` of the store and 5 GiB. Needed for a stream, which must have exactly so many. */
  length?: number | undefined
}

/** What may be said when the parts become an object. */
export type CompleteOptions = CallOptions &
  Pick<ObjectOptions, 'acl' | 'callback' | 'forbidOverwrite' | 'serverSideEncryption'>

/** What `completeMultipartUpload` wants of a part, and what else is known of it. */
export type SentPart = CompletedPart & { size: number; crc64: string }

const PART_OPTIONS = ['length', 'contentMd5', 'trafficLimit', 'serverSideEncryption']
const COMPLETE_OPTIONS = ['acl', 'callback', 'forbidOverwrite', 'serverSideEncryption']

interface NumberedPart extends UploadAddress {
  partNumber: number
}

export class MultipartByHand {
  readonly #host: UploadHost

  constructor(host: UploadHost) {
    this.#host = host
  }

  async initiate(key: string, options: ObjectOptions & CallOptions): Promise<string> {
    const context = contextOf(options, OBJECT_OPTION_NAMES)
    this.#host.driver.check(key, options)
    return this.#host.driver.initiateMultipartUpload(key, options, context)
  }

  async uploadPart(
    upload: UploadAddress,
    partNumber: number,
    body: PartBody,
    options: UploadPartOptions,
  ): Promise<SentPart> {
    const source = openPartSource(body)
    try {
      contextOf(options, PART_OPTIONS)
      const address = checkUploadAddress(this.#host.driver, upload)
      checkInteger('partNumber', partNumber, 1, this.#host.driver.limits.maxParts)
      const part = { ...address, partNumber }
      const length = this.#lengthOf(source, options.length)
      if (source.name === 'chunks') return await this.#sendChunks(part, source, length, options)
      const crc64 = crc64Engine().create()
      crc64.update(source.bytes)
      return await this.#send(part, new ObjectBody([source.bytes], crc64.digest()), options)
    } catch (error) {
      if (source.name === 'chunks') source.destroy(toError(error))
      throw error
    }
  }

  async complete(
    upload: UploadAddress,
    parts: readonly CompletedPart[],
    options: CompleteOptions,
  ): Promise<WithCrc64Text<StoredObject>> {
    const { driver } = this.#host
    const context = contextOf(options, COMPLETE_OPTIONS)
    const sorted = checkParts(parts, driver.limits.maxParts)
    const address = checkUploadAddress(driver, upload)
    return withCrc64Text(await driver.completeMultipartUpload(address, sorted, options, context))
  }

  async abort(upload: UploadAddress, options: CallOptions): Promise<void> {
    const { driver } = this.#host
    await driver.abortMultipartUpload(checkUploadAddress(driver, upload), contextOf(options, []))
  }

  #lengthOf(source: PartSource, length: number | undefined): number {
    const { driver, pool } = this.#host
    if (source.name === 'bytes') {
      if (length !== undefined && length !== source.size) throw wrongLength(length, String(source.size))
      return source.size
    }
    const known = length ?? source.size
    if (known === undefined) throw invalidOption('length', length, 'of a stream it must be told, in bytes')
    return checkInteger('length', known, 0, Math.min(pool.maxMemory, driver.limits.maxPartSize), 'bytes')
  }

  /** The whole part is taken into memory of the store before it is sent: only then can it be checked, and sent again. */
  async #sendChunks(
    part: NumberedPart,
    source: Extract<PartSource, { name: 'chunks' }>,
    length: number,
    options: UploadPartOptions,
  ): Promise<SentPart> {
    const { pool } = this.#host
    const { signal = new AbortController().signal } = options
    const aborted = (cause: unknown): UploadError => this.#aborted(part, cause)
    if (signal.aborted) throw aborted(signal.reason)
    const buffer = await pool.acquire(length, signal).catch((error: unknown) => {
      throw signal.aborted ? aborted(signal.reason) : error
    })
    try {
      await fillPart(buffer, source, length, signal, aborted)
      return await this.#send(part, new ObjectBody(buffer.segments, buffer.digest()), options)
    } finally {
      pool.release(buffer)
    }
  }

  async #send(part: NumberedPart, body: ObjectBody, options: UploadPartOptions): Promise<SentPart> {
    const receipt = await this.#host.driver.uploadPart({ ...part, body }, options, { signal: options.signal })
    return { partNumber: part.partNumber, ...receipt, size: body.size, crc64: formatCrc64(body.crc64) }
  }

  #aborted({ key, uploadId, partNumber }: NumberedPart, cause: unknown): UploadError {
    const { bucket } = this.#host.driver
    const message = `part ${partNumber} for ${JSON.stringify(key)} was cancelled before it was sent`
    return new UploadError('ABORTED', message, { bucket, key, uploadId, partNumber, cause })
  }
}

/** In the order of their numbers. */
function checkParts(parts: readonly CompletedPart[], maxParts: number): CompletedPart[] {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw invalidOption('parts', parts, 'accepted is a list of at least one part')
  }
  const sorted = parts.map((part) => checkPart(part, maxParts)).sort((a, b) => a.partNumber - b.partNumber)
  const twice = sorted.find((part, index) => part.partNumber === sorted[index - 1]?.partNumber)
  if (twice !== undefined) throw invalidOption('partNumber', twice.partNumber, 'it is there twice')
  return sorted
}

function checkPart(part: unknown, maxParts: number): CompletedPart {
  const { partNumber, etag, size, checksum } = checkObject('a part', part) as Partial<CompletedPart>
  return {
    partNumber: checkInteger('partNumber', partNumber, 1, maxParts),
    etag: checkString('etag', etag),
    ...(size === undefined ? {} : { size: checkInteger('size', size, 0, Number.MAX_SAFE_INTEGER, 'bytes') }),
    ...(checksum === undefined ? {} : { checksum: checkString('checksum', checksum) }),
  }
}
