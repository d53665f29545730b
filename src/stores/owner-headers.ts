/**
 * Requester pays and expected bucket owner: headers that a service requires on every request of a bucket, including
 * listings, HeadObject and the clean-up. Sources: OSS "Pay-by-requester", OBS "Requester Pays", Amazon S3 "Using Requester
 * Pays buckets" and "Verifying bucket ownership with bucket owner condition".
 */
import { checkOneOf, invalidOption } from '../shared/check-option.js'

export interface RequestPayerOption {
  /**
   * `'requester'`: the account that sends a request pays for it, not the bucket's owner. Sent with every request, because a
   * bucket that requires it refuses all others. Default: not sent.
   */
  requestPayer?: 'requester' | undefined
}

export interface BucketOwnerOption {
  /**
   * The ID of the account that must own the bucket, 12 digits. AWS refuses every request if another account owns it.
   * Default: not sent.
   */
  expectedBucketOwner?: string | undefined
}

/** @throws {UploadError} `INVALID_OPTION` if an option is invalid. */
export function ownerHeaders(
  prefix: string,
  { requestPayer, expectedBucketOwner }: RequestPayerOption & BucketOwnerOption,
): Record<string, string> {
  const headers: Record<string, string> = {}
  if (requestPayer !== undefined) {
    headers[`${prefix}request-payer`] = checkOneOf('requestPayer', requestPayer, ['requester'])
  }
  if (expectedBucketOwner !== undefined) {
    if (typeof expectedBucketOwner !== 'string' || !/^\d{12}$/.test(expectedBucketOwner)) {
      throw invalidOption('expectedBucketOwner', expectedBucketOwner, 'must be the ID of an account: 12 digits')
    }
    headers[`${prefix}expected-bucket-owner`] = expectedBucketOwner
  }
  return headers
}
