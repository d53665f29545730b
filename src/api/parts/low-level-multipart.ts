/** Low-level multipart uploads, with the calls of the service: initiate, upload part, complete, abort. */
import { formatCrc64 } from '../../checksum/decimal.js'
import { crc64Engine } from '../../checksum/engine.js'
import { checkInteger, invalidOption } from '../../shared/check-option.js'
import { toError, UploadError } from '../../shared/errors.js'
import { ObjectBody } from '../../stores/object/object-body.js'
import { copyOfObjectOptions, OBJECT_OPTION_NAMES, type ObjectOptions } from '../../stores/object/object-options.js'
import type { StoredObject, UploadAddress } from '../../stores/store-driver.js'
import { readFileRange } from '../../upload/file/file-range.js'
import { completeVerified } from '../../upload/publish/publish.js'
import type { UploadHost } from '../../upload/upload-observer.js'
import { type CallOptions, contextOf, takeCallOptions } from '../call-options.js'
import { fillPart, openPartSource, type PartBody, type PartSource, wrongLength } from '../bodies/part-source.js'
import { checkParts, type GivenPart, type SentPart, wholeOf } from './sent-parts.js'
import { checkUploadAddress } from './upload-address.js'

export interface UploadPartOptions
  extends CallOptions, Pick<ObjectOptions, 'contentMd5' | 'trafficLimit' | 'serverSideEncryption'> {
  /** Size of the body in bytes, at most `maxMemory` of the store and 5 GiB. Required for a stream, which must have this size. */
  length?: number | undefined
}

/** Options of `completeMultipartUpload()`. */
export interface CompleteOptions
  extends
    CallOptions,
    Pick<ObjectOptions, 'acl' | 'callback' | 'forbidOverwrite' | 'ifMatch' | 'serverSideEncryption'> {
  /** Total size of all parts in bytes. If it differs, nothing is sent. Requires the `size` of each part. */
  expectedSize?: number | undefined
  /**
   * CRC-64/XZ of the whole object, in decimal. If it differs, nothing is sent. Requires the `size` and `crc64` of each part.
   * Detects a part that was sent from an old copy of the file.
   */
  expectedCrc64?: string | undefined
}

const PART_OPTIONS = ['length', 'contentMd5', 'trafficLimit', 'serverSideEncryption']
const COMPLETE_OPTIONS = [
  'expectedSize',
  'expectedCrc64',
  'acl',
  'callback',
  'forbidOverwrite',
  'ifMatch',
  'serverSideEncryption',
]

interface NumberedPart extends UploadAddress {
  partNumber: number
}

export class LowLevelMultipart {
  readonly #host: UploadHost

  constructor(host: UploadHost) {
    this.#host = host
  }

  async initiate(key: string, options: ObjectOptions & CallOptions): Promise<string> {
    const taken = takeCallOptions(options, OBJECT_OPTION_NAMES)
    const objectOptions = copyOfObjectOptions(taken)
    this.#host.driver.check(key, objectOptions)
    return this.#host.driver.initiateMultipartUpload(key, objectOptions, contextOf(taken))
  }

  async uploadPart(
    upload: UploadAddress,
    partNumber: number,
    body: PartBody,
    given: UploadPartOptions,
  ): Promise<SentPart> {
    const source = openPartSource(body)
    try {
      // The call may wait for memory: changes by the caller in that time have no effect.
      const taken = takeCallOptions(given, PART_OPTIONS)
      const { length: givenLength } = taken
      const options = { ...copyOfObjectOptions(taken), signal: contextOf(taken).signal }
      const address = checkUploadAddress(this.#host.driver, upload)
      checkInteger('partNumber', partNumber, 1, this.#host.driver.limits.maxParts)
      const part = { ...address, partNumber }
      const length = this.#lengthOf(source, givenLength)
      if (source.name !== 'bytes') return await this.#sendBuffered(part, source, length, options)
      const crc64 = crc64Engine().create()
      crc64.update(source.bytes)
      return await this.#send(part, new ObjectBody([source.bytes], crc64.digest()), options)
    } catch (error) {
      if (source.name === 'chunks') source.destroy(toError(error))
      throw error
    }
  }

  async complete(upload: UploadAddress, parts: readonly GivenPart[], given: CompleteOptions): Promise<StoredObject> {
    const { driver } = this.#host
    const taken = takeCallOptions(given, COMPLETE_OPTIONS)
    const context = contextOf(taken)
    const options = copyOfObjectOptions(taken)
    const sorted = checkParts(parts, driver.limits.maxParts)
    const whole = wholeOf(sorted, taken)
    const address = checkUploadAddress(driver, upload)
    const named = sorted.map(({ partNumber, etag, size, checksum }) => ({ partNumber, etag, size, checksum }))
    const stored =
      whole === undefined
        ? await driver.completeMultipartUpload(address, named, options, context)
        : await completeVerified(driver, address, named, whole, options, context)
    return stored
  }

  async abort(upload: UploadAddress, options: CallOptions): Promise<void> {
    const { driver } = this.#host
    await driver.abortMultipartUpload(checkUploadAddress(driver, upload), contextOf(takeCallOptions(options, [])))
  }

  #lengthOf(source: PartSource, length: number | undefined): number {
    if (source.name !== 'chunks') {
      if (length !== undefined && length !== source.size) throw wrongLength(length, String(source.size))
      return source.name === 'bytes' ? source.size : this.#checkLength(source.size)
    }
    const known = length ?? source.size
    if (known === undefined) throw invalidOption('length', length, 'must be given for a stream, in bytes')
    return this.#checkLength(known)
  }

  #checkLength(length: number): number {
    const { driver, pool } = this.#host
    return checkInteger('length', length, 0, Math.min(pool.maxMemory, driver.limits.maxPartSize), 'bytes')
  }

  /** Reads the whole part into memory of the store before sending it, so that it can be verified and sent again. */
  async #sendBuffered(
    part: NumberedPart,
    source: Exclude<PartSource, { name: 'bytes' }>,
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
      if (source.name === 'chunks') await fillPart(buffer, source, length, signal, aborted)
      else await readFileRange(source.path, source.start, length, buffer, signal)
      const sent = await this.#send(part, new ObjectBody(buffer.segments, buffer.digest()), options)
      return source.name === 'file' ? { ...sent, start: source.start } : sent
    } catch (error) {
      throw error === signal.reason ? aborted(error) : error
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
