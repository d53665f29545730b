/**
 * Requester pays and expected bucket owner: headers that a service requires on every request of a bucket, also
 * on those that list, look and clean up. Sources: OSS "Pay-by-requester", OBS "Requester Pays", Amazon S3 "Using Requester
 * Pays buckets" and "Verifying bucket ownership with bucket owner condition".
 */
import { checkOneOf, invalidOption } from '../shared/check-option.js'

export interface RequestPayerOption {
  /**
   * `'requester'`: the account that sends a request pays for it, and not the bucket's owner. It goes on every request,
   * since a bucket that asks for it refuses all others. Default: not sent.
   */
  requestPayer?: 'requester' | undefined
}

export interface BucketOwnerOption {
  /**
   * The id of the account that must own the bucket, 12 digits: AWS refuses every request where another account does.
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
      throw invalidOption('expectedBucketOwner', expectedBucketOwner, 'must be the id of an account: 12 digits')
    }
    headers[`${prefix}expected-bucket-owner`] = expectedBucketOwner
  }
  return headers
}
