/**
 * Publishes the object, and verifies it. A request whose response was lost may have succeeded: the object is
 * checked first.
 */
import { formatCrc64 } from '../../checksum/decimal.js'
import { attachLeftover, toError, UploadError, type UploadErrorCode } from '../../shared/errors.js'
import type { ObjectBody } from '../../stores/object/object-body.js'
import type { ObjectOptions } from '../../stores/object/object-options.js'
import type {
  CallContext,
  CompletedPart,
  ObjectHead,
  StoreDriver,
  StoredObject,
  UploadAddress,
} from '../../stores/store-driver.js'
import { type ObjectOrigin, originOfComplete, originOfPut } from './object-origin.js'
import { bytesText, checksumText, mismatch } from '../../stores/integrity/mismatch.js'
import { compareObject, type Comparison, type ExpectedObject } from '../../stores/integrity/verdict.js'

/** An object to publish. */
interface Publication {
  driver: StoreDriver
  key: string
  expected: ExpectedObject
  options: ObjectOptions
  context: CallContext
  send(): Promise<StoredObject>
  /** Decides whether an object with the expected bytes comes from this request, which was first sent at `putAt`. */
  originOf(found: Found, error: UploadError, putAt: number): ObjectOrigin | Promise<ObjectOrigin>
}

/** An object under the key, and when it was requested, in milliseconds of the local monotonic clock. */
interface Found {
  head: ObjectHead
  comparison: Comparison
  lookedAt: number
  foundAt: number
}

/** Uploads an object that fits in one part by one request, and verifies it. Throws UploadError. */
export async function putVerified(
  driver: StoreDriver,
  key: string,
  body: ObjectBody,
  options: ObjectOptions,
  context: CallContext,
): Promise<StoredObject> {
  return publishVerified({
    driver,
    key,
    expected: { size: body.size, crc64: body.crc64, body },
    options,
    context,
    send: () => driver.putObject(key, body, options, context),
    originOf: ({ head, lookedAt, foundAt }, _error, putAt) => originOfPut(head, options, { putAt, lookedAt, foundAt }),
  })
}

/** Completes the multipart upload, and verifies the object. Throws UploadError. */
export async function completeVerified(
  driver: StoreDriver,
  upload: UploadAddress,
  parts: readonly CompletedPart[],
  whole: { size: number; crc64: bigint },
  options: ObjectOptions,
  context: CallContext,
): Promise<StoredObject> {
  const { key, uploadId } = upload
  return publishVerified({
    driver,
    key,
    expected: { ...whole, uploadId, parts },
    options,
    context,
    send: () => driver.completeMultipartUpload(upload, parts, options, context),
    originOf: ({ head }, error) => originOfComplete(driver, upload, head, error, options, context),
  })
}

/**
 * Sends the request. After a failure that may hide a success, the same bytes under the key are no proof: they may have
 * existed before, with other options. Unless they certainly come from this request, it is sent again.
 */
async function publishVerified(publication: Publication): Promise<StoredObject> {
  const putAt = performance.now()
  for (let isRepeated = false; ; isRepeated = true) {
    try {
      return await verify(publication, await publication.send())
    } catch (error) {
      const { found, failure } = await settle(publication, error, isRepeated).catch((thrown: unknown) => {
        // A refusal of the second request does not concern the first one, after which the object had these bytes.
        const final = toError(thrown)
        const isMismatch = final instanceof UploadError && final.code === 'CHECKSUM_MISMATCH'
        if (isRepeated && !isMismatch) attachLeftover(final, { outcomeUnknown: true })
        throw final
      })
      const origin = await publication.originOf(found, failure, putAt)
      const isRefused = isRefusedCondition(failure.code)
      // The service would refuse it again. Without a sign of another origin, an earlier attempt created the object.
      if (origin === 'ours' || (origin === 'unclear' && isRefused)) {
        return withChecksum(found.head, found.comparison)
      }
      if (isRefused || isRepeated || publication.context.signal?.aborted === true) throw failure
    }
  }
}

/**
 * Verifies a stored object by the response. If that has nothing to compare, the object is looked at. If the service never
 * returns anything to compare, the size decides, as each part was verified already.
 */
async function verify(publication: Publication, stored: StoredObject): Promise<StoredObject> {
  const answered = await compareObject(stored, publication.expected, publication.driver)
  if (answered.verdict === 'mismatch') throw differs(publication, stored, answered)
  if (answered.verdict === 'match') return withChecksum(stored, answered)
  const { head, comparison } = await look(publication)
  if (comparison.verdict === 'mismatch') throw differs(publication, head, comparison)
  return withChecksum({ ...stored, etag: stored.etag === '' ? head.etag : stored.etag }, comparison)
}

/** Resolves with the object under the key, if it has the expected bytes; otherwise throws the failure. */
async function settle(
  publication: Publication,
  error: unknown,
  isRepeated: boolean,
): Promise<{ found: Found; failure: UploadError }> {
  if (!(error instanceof UploadError) || !mayHideSuccess(error, isRepeated)) throw error
  if (publication.context.signal?.aborted === true) throw error
  let found: Found
  try {
    found = await look(publication)
  } catch {
    // The first error wins: it has the cause, and reports that the outcome is unknown.
    throw error
  }
  const { head, comparison } = found
  if (error.code === 'CALLBACK_FAILED') {
    // OSS reports a failed callback when the object is already stored: the caller must know both.
    throw comparison.verdict === 'mismatch' ? differs(publication, head, comparison) : error
  }
  // Another object may have the same size.
  if (comparison.verdict !== 'match') throw error
  return { found, failure: error }
}

function mayHideSuccess({ code, attempts = 1, outcomeUnknown = false }: UploadError, isRepeated: boolean): boolean {
  if (code === 'CHECKSUM_MISMATCH') return false
  // What a second attempt finds, or misses, may be the effect of the first.
  const isSecond = attempts > 1 || isRepeated
  return outcomeUnknown || (isSecond && (isRefusedCondition(code) || code === 'NO_SUCH_UPLOAD'))
}

function isRefusedCondition(code: UploadErrorCode): boolean {
  return code === 'ALREADY_EXISTS' || code === 'PRECONDITION_FAILED'
}

async function look({ driver, key, expected, options, context }: Publication): Promise<Found> {
  const lookedAt = performance.now()
  const head = await driver.headObject(key, { ...context, isUnderWay: true }, options)
  const foundAt = performance.now()
  return { head, comparison: await compareObject(head, expected, driver), lookedAt, foundAt }
}

/** Returns the object with the checksum that was compared with the bytes, if any. */
function withChecksum(stored: StoredObject, { verdict, actual }: Comparison): StoredObject {
  const result = { ...stored }
  delete result.checksum
  return verdict === 'match' && actual !== undefined ? { ...result, checksum: actual } : result
}

function differs(
  { key, expected }: Publication,
  found: StoredObject & { size?: number },
  { actual, expected: value }: Comparison,
): UploadError {
  const isComparable = actual !== undefined && value !== undefined
  const sent = isComparable
    ? { algorithm: actual.algorithm, value }
    : { algorithm: 'crc64ecma' as const, value: formatCrc64(expected.crc64) }
  const theirs = isComparable ? `with ${checksumText(actual)}` : 'without a checksum'
  const size = found.size === undefined ? 'an object' : `${found.size} bytes`
  return mismatch(
    `the store holds ${size} ${theirs} under ${JSON.stringify(key)}, but ${bytesText(expected.size, sent)} were sent; the object is left as it is`,
    { key, requestId: found.requestId },
  )
}
