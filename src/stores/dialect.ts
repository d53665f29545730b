/** What differs between services that speak the same REST API: where an object is, how a request is signed, header names. */
import type { Credentials } from '../shared/credentials.js'
import type { Provider } from '../shared/provider.js'
import type { ChecksumRules } from './integrity/checksum-rules.js'
import type { QueryParameter, SignableRequest } from '../signing/signable-request.js'
import type { ObjectRequest, OptionTable } from './object/option-table.js'
import type { StoreLimits } from './store-driver.js'

/** The validity of a link, from a time of the service. */
export interface LinkValidity {
  date: Date
  expiresInSeconds: number
}

export interface Dialect {
  readonly provider: Provider
  readonly bucket: string
  readonly limits: StoreLimits
  /** Prefix of the service's own headers, such as `x-oss-`. */
  readonly headerPrefix: string
  readonly requestIdHeader: string
  /** Values in responses that differ from those of the options, with the latter. Default: none. */
  readonly optionWords?: ReadonlyMap<string, string>
  readonly checksums: ChecksumRules
  /** Responses that can percent-encode names on request: all listings, or only that of uploads. */
  readonly encodesNames: 'always' | 'in-lists-of-uploads'
  /**
   * The requests on which the service is known to enforce `forbidOverwrite` itself. Before the others the library checks
   * whether the object exists, because a service ignores an unknown condition.
   */
  readonly conditionalRequests: readonly ObjectRequest[]
  /** The order of uploads of one key in listings. Each page must come after the previous one, or listing would never end. */
  readonly listsUploadsBy: 'id' | 'time'
  /** The continuation of object listings: the token of ListObjectsV2, or the marker of ListObjects. */
  readonly listsObjectsBy: 'token' | 'marker'
  /** Error codes with a status below 500 that are retried, in addition to those of all services. Default: none. */
  readonly transientCodes?: readonly string[]
  /** Whether Complete may have taken effect if the response is 503. */
  readonly mergesDespite503: boolean
  /** Error codes for an existing object that must not be overwritten. */
  readonly existsCodes: readonly string[]
  /** Whether the signature covers the body; then its SHA-256 is computed. */
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
  /** The options of an object, as the service supports them. */
  readonly objectOptions: OptionTable
  /** Headers of requests that read an object or a range. */
  readHeaders(isRange: boolean): Record<string, string>
  /** Returns the error document in the headers of a response to HEAD, which has no body. */
  errorInHeaders(headers: Readonly<Record<string, string>>): string | undefined
}

/** Returns the time when a link expires, for signatures that contain it. */
export function expiryOf({ date, expiresInSeconds }: LinkValidity): Date {
  return new Date(date.getTime() + expiresInSeconds * 1000)
}
