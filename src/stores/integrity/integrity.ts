/**
 * Applies the checksum rules of a service: adds headers to requests with a body, and compares responses with what was sent.
 */
import { type Checksum, combineChecksums } from '../../checksum/checksum.js'
import { type ChecksumAlgorithm } from '../../shared/checksum-names.js'
import type { HttpAnswer } from '../../http/http-message.js'
import { escapeXml, type XmlElement } from '../../shared/text/xml.js'
import { badAnswer, damagedInTransit, ignoredKey } from '../request/attempt-failure.js'
import type { ChecksumRules } from './checksum-rules.js'
import type { Dialect } from '../dialect.js'
import { isKeyIgnored } from '../object/customer-key.js'
import type { ObjectBody } from '../object/object-body.js'
import type { ObjectOptions } from '../object/object-options.js'
import type { CompletedPart } from '../store-driver.js'

/** The evidence in a response to PutObject or UploadPart. */
interface CheckedAnswer {
  /**
   * Whether it proves that the service has the bytes that were sent. Otherwise they must be sent again, with
   * Content-MD5.
   */
  isProven: boolean
  /** The checksum for the receipt. */
  checksum?: string
}

export class Integrity {
  readonly #dialect: Dialect
  readonly #rules: ChecksumRules
  /** A response contained no evidence of the bytes: all further bodies are sent with Content-MD5. */
  #needsContentMd5 = false
  /** The service accepted a Content-MD5 but returned another ETag: the bucket encrypts, without reporting it. */
  #hasOpaqueEtags = false

  constructor(dialect: Dialect) {
    this.#dialect = dialect
    this.#rules = dialect.checksums
  }

  /** Returns the headers of PutObject. */
  async headersOfPut(body: ObjectBody): Promise<Record<string, string>> {
    // Always sent: a damaged part is sent again before the object is published, but a damaged PutObject would be visible at once.
    return { 'content-md5': await body.contentMd5(), ...(await this.#ownHeader(body)) }
  }

  async headersOfPart(body: ObjectBody, options: ObjectOptions): Promise<Record<string, string>> {
    return {
      ...(this.#sendsMd5OfParts(options) ? { 'content-md5': await body.contentMd5() } : {}),
      ...(await this.#ownHeader(body)),
    }
  }

  headersOfInitiate(): Readonly<Record<string, string>> {
    return this.#rules.own?.initiateHeaders ?? {}
  }

  /**
   * Returns the checksum of the whole object, which the service verifies before it publishes; undefined if that of a
   * part is unknown.
   */
  headersOfComplete(parts: readonly CompletedPart[]): Record<string, string> {
    const { own } = this.#rules
    if (own?.isSent !== true) return {}
    const value = combinedChecksum(own.algorithm, parts)
    if (value === undefined) return {}
    const size = parts.reduce((sum, part) => sum + (part.size ?? 0), 0)
    return {
      [own.header]: value,
      ...own.completeHeaders,
      ...(own.sizeHeader === undefined ? {} : { [own.sizeHeader]: String(size) }),
    }
  }

  /** Name of the element with the checksum of a part, in Complete and in lists of parts. */
  get elementName(): string | undefined {
    return this.#rules.own?.isSent === true ? this.#rules.own.element : undefined
  }

  /** Algorithm of the checksums in receipts of parts. Complete needs it only if it contains that of the whole object. */
  get partChecksum(): ChecksumAlgorithm | undefined {
    return this.#rules.own?.isSent === true ? this.#rules.own.algorithm : undefined
  }

  /** The element of a part in the list that Complete sends; empty if there is none. */
  elementOf(part: CompletedPart): string {
    const element = this.elementName
    if (element === undefined || part.checksum === undefined) return ''
    return `<${element}>${escapeXml(part.checksum)}</${element}>`
  }

  /**
   * Compares the response to PutObject or UploadPart with what was sent.
   *
   * @throws {AttemptFailure} if the service received other bytes.
   */
  async check(
    answer: HttpAnswer,
    body: ObjectBody,
    options: ObjectOptions,
    sent: { request: 'put' | 'part'; headers: Readonly<Record<string, string>> },
  ): Promise<CheckedAnswer> {
    const { own, md5HiddenBy } = this.#rules
    const returned = this.#ownIn(answer.headers)
    const isPublished = sent.request === 'put'
    if (isKeyIgnored(sent.headers, answer.headers, this.#dialect.headerPrefix)) {
      throw ignoredKey(answer, isPublished, this.#dialect)
    }
    if (own !== undefined && returned !== undefined) {
      const ours = await body.checksum(own.algorithm)
      if (returned !== ours) throw damagedInTransit(own.algorithm, returned, ours, isPublished, answer, this.#dialect)
      // Only needed if Complete contains the checksum of the whole object.
      return { isProven: true, ...(own.isSent ? { checksum: returned } : {}) }
    }
    const etag = answer.headers['etag'] ?? ''
    if (etag === '') throw badAnswer('the response has no ETag', answer, this.#dialect)
    const md5 = this.#isEtagAnMd5(answer.headers, options) ? md5InEtag(etag) : undefined
    if (md5 !== undefined && !md5.includes('-')) {
      const ours = await body.checksum('md5')
      if (md5 === ours) return { isProven: true }
      if (md5HiddenBy === 'own-keys') throw damagedInTransit('md5', md5, ours, isPublished, answer, this.#dialect)
    }
    // A service that supports Content-MD5 has compared the body with it, and would have refused bytes that differ.
    const isChecked = 'content-md5' in sent.headers
    if (isChecked && md5 !== undefined) this.#hasOpaqueEtags = true
    this.#needsContentMd5 = true
    return { isProven: isChecked }
  }

  /** Returns the checksum in a response. `document` is that of Complete, which contains it instead of the headers. */
  ofObject(
    headers: Readonly<Record<string, string>>,
    etag: string,
    options: ObjectOptions,
    document?: XmlElement,
  ): Checksum | undefined {
    const { own, hasMd5Etags } = this.#rules
    const returned = this.#ownIn(headers, document)
    if (own !== undefined && returned !== undefined) return { algorithm: own.algorithm, value: returned }
    for (const { algorithm, header } of this.#rules.ofOthers ?? []) {
      const other = headers[header]
      if (isOfWhole(other)) return { algorithm, value: other }
    }
    const value = hasMd5Etags && this.#isEtagAnMd5(headers, options) ? md5InEtag(etag) : undefined
    return value === undefined ? undefined : { algorithm: 'md5', value }
  }

  #sendsMd5OfParts(options: ObjectOptions): boolean {
    const { own, sendsMd5OfParts } = this.#rules
    // Otherwise the response may contain no evidence of what the service received.
    const mayBeNeeded = own?.isCertain !== true && (this.#needsContentMd5 || !this.#isEtagAnMd5({}, options))
    return sendsMd5OfParts || options.contentMd5 === true || mayBeNeeded
  }

  async #ownHeader(body: ObjectBody): Promise<Record<string, string>> {
    const { own } = this.#rules
    return own?.isSent === true ? { [own.header]: await body.checksum(own.algorithm) } : {}
  }

  #ownIn(headers: Readonly<Record<string, string>>, document?: XmlElement): string | undefined {
    const { own } = this.#rules
    if (own === undefined) return undefined
    const text = headers[own.header] ?? (own.element === undefined ? undefined : document?.text(own.element))
    return isOfWhole(text) ? text : undefined
  }

  #isEtagAnMd5(headers: Readonly<Record<string, string>>, { serverSideEncryption }: ObjectOptions): boolean {
    if (this.#hasOpaqueEtags) return false
    const prefix = `${this.#dialect.headerPrefix}server-side-encryption`
    if (headers[`${prefix}-customer-algorithm`] !== undefined) return false
    const algorithm = headers[prefix] ?? encryptionName(serverSideEncryption)
    return algorithm === undefined || (algorithm === 'AES256' && this.#rules.md5HiddenBy === 'own-keys')
  }
}

/** Returns whether a checksum is of the whole object: a hyphen and a number mark a checksum of checksums. */
function isOfWhole(text: string | undefined): text is string {
  return text !== undefined && text !== '' && !/-\d+$/.test(text)
}

/** Combines the checksums of the parts; returns undefined if one has none. */
export function combinedChecksum(
  algorithm: Exclude<ChecksumAlgorithm, 'md5'>,
  parts: readonly CompletedPart[],
): string | undefined {
  const known = parts.flatMap(({ checksum, size }) =>
    checksum === undefined || size === undefined ? [] : [{ value: checksum, size }],
  )
  return known.length === parts.length ? combineChecksums(algorithm, known) : undefined
}

/** Returns the MD5 of the MD5s in the ETags of the parts. */
export function combinedEtag(parts: readonly CompletedPart[]): string | undefined {
  return combineChecksums(
    'md5',
    parts.map(({ etag }) => ({ value: md5InEtag(etag) ?? '', size: 0 })),
  )
}

/**
 * Returns the MD5 in an ETag in lower-case hex, with the number of parts if there are several; undefined for any other
 * ETag.
 */
function md5InEtag(etag: string): string | undefined {
  return /^"?([0-9a-f]{32}(?:-[1-9][0-9]*)?)"?$/i.exec(etag)?.[1]?.toLowerCase()
}

function encryptionName(option: ObjectOptions['serverSideEncryption']): string | undefined {
  if (typeof option !== 'object') return option
  return option.customerKey === undefined ? option.algorithm : 'customer key'
}
