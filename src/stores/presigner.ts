/** Creates presigned URLs: until they expire, anyone can send one kind of request with them. */
import type { CredentialsSource } from '../credentials/credentials-source.js'
import { UploadError } from '../shared/errors.js'
import { formatQuery } from '../signing/percent-encoding.js'
import type { QueryParameter } from '../signing/signable-request.js'
import type { Dialect } from './dialect.js'
import type { ServiceClock } from './request/remedies.js'

/** The request that a link authorizes. */
export interface LinkRequest {
  method: 'GET' | 'PUT'
  key: string
  /** Seconds. */
  expiresIn: number
  /** The Content-Type that the request must have. Default: it must have none. */
  contentType?: string | undefined
  versionId?: string | undefined
}

export interface PresignerHost {
  dialect: Dialect
  credentials: CredentialsSource
  clock: ServiceClock
}

export class Presigner {
  readonly #host: PresignerHost

  constructor(host: PresignerHost) {
    this.#host = host
  }

  /**
   * Resolves with the URL. Nothing is sent.
   *
   * @throws {UploadError} `INVALID_OPTION` if requests of the store have headers that a link cannot contain.
   */
  async urlOf({ method, key, expiresIn, contentType, versionId }: LinkRequest): Promise<string> {
    const { dialect, credentials, clock } = this.#host
    const [header] = Object.keys(dialect.everyRequest)
    if (header !== undefined) {
      throw new UploadError(
        'INVALID_OPTION',
        `presign() must be called on a store without requestPayer and expectedBucketOwner: a link cannot contain ${header}`,
      )
    }
    const snapshot = await credentials.snapshot()
    const query: QueryParameter[] = versionId === undefined ? [] : [['versionId', versionId]]
    const headers = {
      host: new URL(dialect.origin).host,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    }
    const request = { method, bucket: dialect.bucket, key, query, headers }
    const signed = dialect.presign(request, snapshot, { date: clock.now(), expiresInSeconds: expiresIn })
    return dialect.origin + dialect.pathOf(key) + formatQuery(signed)
  }
}
