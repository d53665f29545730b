/** What differs between services that speak the same REST API: where an object is, how a request is signed, header names. */
import type { Credentials } from '../shared/credentials.js'
import type { Provider } from '../shared/provider.js'
import type { ChecksumRules } from './integrity/checksum-rules.js'
import type { QueryParameter, SignableRequest } from '../signing/signable-request.js'
import type { ObjectRequest, OptionTable } from './object/option-table.js'
import type { StoreLimits } from './store-driver.js'

/** For how long a link is valid: from a time of the service on. */
export interface LinkValidity {
  date: Date
  expiresInSeconds: number
}

export interface Dialect {
  readonly provider: Provider
  readonly bucket: string
  readonly limits: StoreLimits
  /** What the service's own headers begin with, such as `x-oss-`. */
  readonly headerPrefix: string
  readonly requestIdHeader: string
  /** Words in responses, and the words of the options for them. Default: none differ. */
  readonly optionWords?: ReadonlyMap<string, string>
  readonly checksums: ChecksumRules
  /** Responses that can percent-encode names, if requested: all of them, or only the list of uploads. */
  readonly encodesNames: 'always' | 'in-lists-of-uploads'
  /**
   * The requests on which the service itself is known to keep an object that is there, where `forbidOverwrite` asks for
   * it. Before the others the object is looked for: a condition that the service does not know is one that it ignores.
   */
  readonly conditionalRequests: readonly ObjectRequest[]
  /** What uploads of one key are listed by: a page must lead on, or listing would never end. */
  readonly listsUploadsBy: 'id' | 'time'
  /** How pages of objects follow each other: by the token of ListObjectsV2, or by the marker of ListObjects. */
  readonly listsObjectsBy: 'token' | 'marker'
  /** Error codes below 500 that another attempt may overcome, beside those of all services. Default: none. */
  readonly transientCodes?: readonly string[]
  /** Whether Complete may have taken effect although the service responded with 503. */
  readonly mergesDespite503: boolean
  /** Error codes for an existing object that must not be overwritten. */
  readonly existsCodes: readonly string[]
  /** Whether a signature covers the body, whose SHA-256 is computed then. */
  readonly signsPayload: boolean
  /** Scheme, host and port of requests on the bucket. */
  readonly origin: string

  /** The path of an object, or of the bucket itself, percent-encoded. */
  pathOf(key: string | undefined): string
  /** The headers to add to the request. */
  sign(request: SignableRequest, credentials: Credentials, date: Date): Record<string, string>
  /** The query of a link that authorizes the request: its own, and the signature. */
  presign(request: SignableRequest, credentials: Credentials, validity: LinkValidity): QueryParameter[]
  /** Headers of every request of the bucket. */
  readonly everyRequest: Readonly<Record<string, string>>
  /** How the service supports each option of an object. */
  readonly objectOptions: OptionTable
  /** What goes along where an object is read, or a range of it. */
  readHeaders(isRange: boolean): Record<string, string>
  /** The XML of an error that came in headers, as answers to HEAD have no body. */
  errorInHeaders(headers: Readonly<Record<string, string>>): string | undefined
}

/** When a link ends, for signatures that name that time. */
export function expiryOf({ date, expiresInSeconds }: LinkValidity): Date {
  return new Date(date.getTime() + expiresInSeconds * 1000)
}
