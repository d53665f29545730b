/** Parses responses of the REST API. An invalid response is an AttemptFailure, and the request is retried. */
import type { HttpAnswer, HttpHead } from '../../http/http-message.js'
import { UploadError } from '../../shared/errors.js'
import { parseXml, type XmlElement } from '../../shared/text/xml.js'
import { badAnswer } from './attempt-failure.js'
import type { Dialect } from '../dialect.js'
import type { Integrity } from '../integrity/integrity.js'
import { plainEtag } from '../object/etag.js'
import { checksumFacts, readObjectHead } from '../object/object-head.js'
import type { ObjectOptions } from '../object/object-options.js'
import type { ObjectHead, ReadOptions, StoredObject } from '../store-driver.js'

export class AnswerReader {
  readonly #dialect: Dialect
  readonly #integrity: Integrity

  constructor(dialect: Dialect, integrity: Integrity) {
    this.#dialect = dialect
    this.#integrity = integrity
  }

  /** Returns the result of `read`. An error of `read` that is not an AttemptFailure means that the response is invalid. */
  async understand<T>(answer: HttpAnswer, read: () => T | Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      throw this.#misunderstood(answer, error)
    }
  }

  /** The same for headers, synchronously. */
  understandHead<T>(head: HttpHead, read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw this.#misunderstood({ ...head, text: '' }, error)
    }
  }

  /** Returns the root element of the document, which must have this name; in some S3 servers it ends with `Response`. */
  async root(answer: HttpAnswer, name: string): Promise<XmlElement> {
    const root = await this.understand(answer, () => parseXml(answer.text))
    if (![name, name.replace(/Result$/, 'Response')].includes(root.name))
      throw badAnswer(`the response is a ${root.name}, not a ${name}`, answer, this.#dialect)
    return root
  }

  etag(answer: HttpAnswer): string {
    const etag = answer.headers['etag']
    if (etag === undefined || etag === '') throw badAnswer('the response has no ETag', answer, this.#dialect)
    return plainEtag(etag)
  }

  /** Throws if the headers do not contain the size of the object. */
  head(headers: Record<string, string>, options: ReadOptions): ObjectHead {
    const checksum = this.#integrity.ofObject(headers, headers['etag'] ?? '', options)
    return readObjectHead(headers, this.#dialect, checksum)
  }

  /** Returns the properties of the stored object; `document` is the response to Complete. */
  stored(answer: HttpAnswer, etag: string | undefined, options: ObjectOptions, document?: XmlElement): StoredObject {
    const { headers } = answer
    const checksum = this.#integrity.ofObject(headers, etag ?? '', options, document)
    const versionId = headers[`${this.#dialect.headerPrefix}version-id`]
    return {
      etag: plainEtag(etag ?? ''),
      ...checksumFacts(checksum),
      ...(versionId === undefined ? {} : { versionId }),
      requestId: headers[this.#dialect.requestIdHeader] ?? '',
    }
  }

  #misunderstood(answer: HttpAnswer, error: unknown): unknown {
    const isFailure = error instanceof UploadError || (error instanceof Error && error.name === 'AttemptFailure')
    if (isFailure) return error
    return badAnswer(`the response is invalid: ${String(error)}`, answer, this.#dialect)
  }
}
