import type { Credentials } from '../../shared/credentials.js'
import type { SignableRequest } from '../../signing/signable-request.js'
import type { SignedRequest } from './dialect.js'

/** The signature claim of a request, from its headers or its URL. */
export interface Claim {
  readonly accessKeyId: string
  readonly securityToken: string | undefined
  readonly signature: string
  readonly stringToSign: string
  /** Returned to the client if the signature does not match, so that it can find the difference. */
  readonly canonicalRequest?: string
  sign(credentials: Pick<Credentials, 'accessKeySecret'>): string
  /** Throws if the request is too old or from the future. */
  checkTime(): void
}

/** Returns the request in the form that the signing functions take. */
export function signable({ call, address }: SignedRequest): SignableRequest {
  return { method: call.method, bucket: address.bucket, key: address.key, query: call.query, headers: call.headers }
}
