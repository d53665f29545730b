/**
 * The REST API that OSS, OBS and S3 share, spoken in a dialect. Every verb of the seam is one call here; what it sends
 * and what it expects back is all there is to it.
 */
import type { Readable } from 'node:stream'
import { formatCrc64, parseCrc64 } from '../checksum/decimal.js'
import type { HttpAnswer, Transport } from '../http/transport.js'
import { UploadError } from '../shared/errors.js'
import { escapeXml, parseXml, type XmlElement } from '../shared/xml.js'
import type { QueryParameter } from '../signing/signable-request.js'
import { badAnswer, damagedOnTheWay } from './attempt-failure.js'
import type { Dialect } from './dialect.js'
import { readPartsPage, readUploadsPage } from './listings.js'
import { contentMd5 } from './content-md5.js'
import { checkKey } from './object-key.js'
import { readObjectHead } from './object-head.js'
import type { ObjectOptions } from './object-options.js'
import { Requester, type RequesterParts } from './requester.js'
import type {
  ByteRange,
  CallContext,
  CompletedPart,
  ObjectBody,
  ObjectHead,
  PartReceipt,
  PartsPage,
  PartsPageRequest,
  PartUpload,
  StoreDriver,
  StoredObject,
  UploadAddress,
  UploadsPage,
  UploadsPageRequest,
} from './store-driver.js'

/** Names in listings come percent-encoded, so that every key survives XML. */
const ENCODED: QueryParameter = ['encoding-type', 'url']

/** Putting 10,000 parts together takes the service longer than any other call. */
const PATIENCE_TO_COMPLETE = 5

export class MultipartApi implements StoreDriver {
  readonly provider: StoreDriver['provider']
  readonly bucket: StoreDriver['bucket']
  readonly limits: StoreDriver['limits']
  readonly #dialect: Dialect
  readonly #requester: Requester
  readonly #transport: Transport

  constructor(parts: RequesterParts) {
    const { dialect, transport } = parts
    this.#dialect = dialect
    this.#transport = transport
    this.#requester = new Requester(parts)
    this.provider = dialect.provider
    this.bucket = dialect.bucket
    this.limits = dialect.limits
  }

  check(key: string, options: ObjectOptions): void {
    checkKey(key, this.limits.maxKeyBytes)
    this.#dialect.objectHeaders(options, 'put')
  }

  locationOf(key: string): string {
    return this.#dialect.origin + this.#dialect.pathOf(key)
  }

  async putObject(key: string, body: ObjectBody, options: ObjectOptions, context: CallContext): Promise<StoredObject> {
    const headers = this.#dialect.objectHeaders(options, 'put')
    // Always: a part that was damaged on the way is sent again before anybody sees it, but this one is visible at once.
    headers['content-md5'] = await contentMd5(body.bytes)
    return this.#requester.call(
      { operation: 'PutObject', method: 'PUT', key, headers, body: body.bytes },
      context,
      (answer) => {
        this.#checkCrc64(body.crc64, answer, true)
        const stored = this.#stored(answer, this.#etag(answer))
        return this.#hasCallback(headers) ? { ...stored, callback: callbackAnswer(answer) } : stored
      },
    )
  }

  async initiateMultipartUpload(key: string, options: ObjectOptions, context: CallContext): Promise<string> {
    return this.#requester.call(
      {
        operation: 'InitiateMultipartUpload',
        method: 'POST',
        key,
        query: [['uploads', ''], ENCODED],
        headers: this.#dialect.objectHeaders(options, 'initiate'),
      },
      context,
      (answer) => {
        const uploadId = this.#readRoot(answer, 'InitiateMultipartUploadResult').text('UploadId')
        if (uploadId === undefined || uploadId === '') {
          throw badAnswer('the answer names no upload id', answer, this.#dialect)
        }
        return uploadId
      },
    )
  }

  async uploadPart(part: PartUpload, options: ObjectOptions, context: CallContext): Promise<PartReceipt> {
    const { key, uploadId, partNumber, body } = part
    const headers = this.#dialect.objectHeaders(options, 'part')
    if (options.contentMd5 === true) headers['content-md5'] = await contentMd5(body.bytes)
    return this.#requester.call(
      {
        operation: 'UploadPart',
        method: 'PUT',
        key,
        partNumber,
        uploadId,
        query: [
          ['partNumber', String(partNumber)],
          ['uploadId', uploadId],
        ],
        headers,
        body: body.bytes,
      },
      context,
      (answer) => {
        this.#checkCrc64(body.crc64, answer, false)
        return { etag: this.#etag(answer) }
      },
    )
  }

  async completeMultipartUpload(
    upload: UploadAddress,
    parts: readonly CompletedPart[],
    options: ObjectOptions,
    context: CallContext,
  ): Promise<StoredObject> {
    const { key, uploadId } = upload
    const headers = this.#dialect.objectHeaders(options, 'complete')
    const list = parts.map(
      ({ partNumber, etag }) => `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
    )
    return this.#requester.call(
      {
        operation: 'CompleteMultipartUpload',
        method: 'POST',
        key,
        uploadId,
        query: [['uploadId', uploadId], ENCODED],
        headers: { ...headers, 'content-type': 'application/xml' },
        body: Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`),
        patience: PATIENCE_TO_COMPLETE,
      },
      context,
      (answer) => {
        // The body is the callback server's answer where a callback was asked for.
        if (this.#hasCallback(headers)) {
          return { ...this.#stored(answer, answer.headers['etag']), callback: callbackAnswer(answer) }
        }
        const root = this.#readRoot(answer, 'CompleteMultipartUploadResult')
        return this.#stored(answer, root.text('ETag') ?? answer.headers['etag'])
      },
    )
  }

  async abortMultipartUpload({ key, uploadId }: UploadAddress, context: CallContext): Promise<void> {
    try {
      await this.#requester.call(
        { operation: 'AbortMultipartUpload', method: 'DELETE', key, uploadId, query: [['uploadId', uploadId]] },
        context,
        (answer) => {
          // Any other success is not this service's word that the parts are gone.
          if (answer.status !== 204) throw badAnswer('the answer is not 204', answer, this.#dialect)
        },
      )
    } catch (error) {
      if (!(error instanceof UploadError && error.code === 'NO_SUCH_UPLOAD')) throw error
    }
  }

  async listParts({ key, uploadId }: UploadAddress, page: PartsPageRequest, context: CallContext): Promise<PartsPage> {
    const query: QueryParameter[] = [['uploadId', uploadId], ENCODED]
    if (page.limit !== undefined) query.push(['max-parts', String(page.limit)])
    if (page.after !== undefined) query.push(['part-number-marker', String(page.after)])
    return this.#requester.call({ operation: 'ListParts', method: 'GET', key, uploadId, query }, context, (answer) =>
      this.#understand(answer, () => readPartsPage(this.#readRoot(answer, 'ListPartsResult'), page)),
    )
  }

  async listMultipartUploads(page: UploadsPageRequest, context: CallContext): Promise<UploadsPage> {
    const query: QueryParameter[] = [['uploads', ''], ENCODED]
    if (page.prefix !== undefined && page.prefix !== '') query.push(['prefix', page.prefix])
    if (page.delimiter !== undefined && page.delimiter !== '') query.push(['delimiter', page.delimiter])
    if (page.limit !== undefined) query.push(['max-uploads', String(page.limit)])
    if (page.after !== undefined) query.push(['key-marker', page.after.key])
    if (page.after?.uploadId !== undefined) query.push(['upload-id-marker', page.after.uploadId])
    return this.#requester.call({ operation: 'ListMultipartUploads', method: 'GET', query }, context, (answer) =>
      this.#understand(answer, () => readUploadsPage(this.#readRoot(answer, 'ListMultipartUploadsResult'), page)),
    )
  }

  async headObject(key: string, context: CallContext): Promise<ObjectHead> {
    return this.#requester.call({ operation: 'HeadObject', method: 'HEAD', key }, context, (answer) =>
      this.#understand(answer, () => readObjectHead(answer.headers, this.#dialect)),
    )
  }

  async getObject(
    key: string,
    range: ByteRange | undefined,
    context: CallContext,
  ): Promise<ObjectHead & { body: Readable }> {
    const headers: Record<string, string> = {}
    if (range !== undefined) {
      headers['range'] = `bytes=${range.start}-${range.end ?? ''}`
      // Without it OSS answers a range beyond the end with the whole object.
      headers[`${this.#dialect.headerPrefix}range-behavior`] = 'standard'
    }
    return this.#requester.open({ operation: 'GetObject', method: 'GET', key, headers }, context, (answer) => {
      try {
        return { ...readObjectHead(answer.headers, this.#dialect), body: answer.body }
      } catch (error) {
        // What is destroyed before its end tells so as an error.
        answer.body.on('error', () => undefined).destroy()
        throw badAnswer(String(error), { ...answer, text: '' }, this.#dialect)
      }
    })
  }

  async deleteObject(key: string, context: CallContext): Promise<void> {
    return this.#requester.call({ operation: 'DeleteObject', method: 'DELETE', key }, context, () => undefined)
  }

  async close(): Promise<void> {
    await this.#transport.close()
  }

  #stored(answer: HttpAnswer, etag = ''): StoredObject {
    const { headers } = answer
    const crc64 = parseCrc64(headers[this.#dialect.crc64Header] ?? '')
    const versionId = headers[`${this.#dialect.headerPrefix}version-id`]
    return {
      etag,
      ...(crc64 === undefined ? {} : { crc64 }),
      ...(versionId === undefined ? {} : { versionId }),
      requestId: headers[this.#dialect.requestIdHeader] ?? '',
    }
  }

  #hasCallback(headers: Readonly<Record<string, string>>): boolean {
    return `${this.#dialect.headerPrefix}callback` in headers
  }

  #etag(answer: HttpAnswer): string {
    const etag = answer.headers['etag']
    if (etag === undefined || etag === '') throw badAnswer('the answer has no ETag', answer, this.#dialect)
    return etag
  }

  #checkCrc64(ours: bigint, answer: HttpAnswer, isPublished: boolean): void {
    const text = answer.headers[this.#dialect.crc64Header]
    if (text === undefined || parseCrc64(text) === ours) return
    throw damagedOnTheWay(
      `the store received other bytes than were sent: its CRC-64 is ${text}, ours ${formatCrc64(ours)}`,
      isPublished,
      answer,
      this.#dialect,
    )
  }

  #readRoot(answer: HttpAnswer, name: string): XmlElement {
    const root = this.#understand(answer, () => parseXml(answer.text))
    if (root.name !== name) throw badAnswer(`the answer is a ${root.name}, not a ${name}`, answer, this.#dialect)
    return root
  }

  #understand<T>(answer: HttpAnswer, read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (error instanceof Error && error.name === 'AttemptFailure') throw error
      throw badAnswer(`the answer cannot be understood: ${String(error)}`, answer, this.#dialect)
    }
  }
}

/** The callback server must answer with JSON; what is not JSON is handed on as text. */
function callbackAnswer(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text) as unknown
  } catch {
    return answer.text
  }
}
