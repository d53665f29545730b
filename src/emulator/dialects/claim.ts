import type { Credentials } from '../../shared/credentials.js'
import type { SignableRequest } from '../../signing/signable-request.js'
import type { SignedRequest } from './dialect.js'

/** What a request says about who signed it, however it says so. */
export interface Claim {
  readonly accessKeyId: string
  readonly securityToken: string | undefined
  readonly signature: string
  readonly stringToSign: string
  /** Told to the client when the signature is wrong, so that it can find the difference. */
  readonly canonicalRequest?: string
  sign(credentials: Pick<Credentials, 'accessKeySecret'>): string
  /** Throws when the request is too old or from the future. */
  checkTime(): void
}

/** The request as the signing functions want it. */
export function signable({ call, address }: SignedRequest): SignableRequest {
  return { method: call.method, bucket: address.bucket, key: address.key, query: call.query, headers: call.headers }
}
