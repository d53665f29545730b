/**
 * Making the object visible, and knowing that it is the one that was meant. A request whose answer was lost is not a
 * failure: the object is looked at before anything is decided.
 */
import { CHECKSUM_NAMES } from '../../checksum/checksum.js'
import { formatCrc64 } from '../../checksum/decimal.js'
import { UploadError } from '../../shared/errors.js'
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
import { compareObject, type Comparison, type ExpectedObject } from '../../stores/integrity/verdict.js'

/** The object is published: nobody waits long for what may not even be there. */
const TIDY_UP_MS = 10_000

/** An object to be published. */
interface Publication {
  driver: StoreDriver
  key: string
  expected: ExpectedObject
  options: ObjectOptions
  context: CallContext
}

/** One request for an object that fits in one part. Throws UploadError. */
export async function putVerified(
  driver: StoreDriver,
  key: string,
  body: ObjectBody,
  options: ObjectOptions,
  context: CallContext,
): Promise<StoredObject> {
  const expected = { size: body.size, crc64: body.crc64, body }
  const publication = { driver, key, expected, options, context }
  try {
    return await verify(publication, await driver.putObject(key, body, options, context))
  } catch (error) {
    return settle(publication, error)
  }
}

/** The parts become the object. Throws UploadError. */
export async function completeVerified(
  driver: StoreDriver,
  upload: UploadAddress,
  parts: readonly CompletedPart[],
  whole: { size: number; crc64: bigint },
  options: ObjectOptions,
  context: CallContext,
): Promise<StoredObject> {
  const { key, uploadId } = upload
  const publication = { driver, key, expected: { ...whole, uploadId, parts }, options, context }
  try {
    return await verify(publication, await driver.completeMultipartUpload(upload, parts, options, context))
  } catch (error) {
    const found = await settle(publication, error)
    // What was found may be the same bytes from an earlier upload: then this one is unfinished, and else it is gone.
    await driver.abortMultipartUpload(upload, { ...context, retryTotalMs: TIDY_UP_MS }, options).catch(() => undefined)
    return found
  }
}

/**
 * The service says that it stored an object: it must be ours. Only where its answer has nothing to compare is it asked
 * again. Where it never has anything, the size decides: it has shown already that each part is the one that was sent.
 */
async function verify(publication: Publication, stored: StoredObject): Promise<StoredObject> {
  const answered = await compareObject(stored, publication.expected)
  if (answered.verdict === 'mismatch') throw mismatch(publication, stored, answered)
  if (answered.verdict === 'match') return { ...stored, ...checksumOf(answered) }
  const { head, comparison } = await look(publication)
  if (comparison.verdict === 'mismatch') throw mismatch(publication, head, comparison)
  return { ...stored, etag: stored.etag === '' ? head.etag : stored.etag, ...checksumOf(comparison) }
}

/** After a failure that may hide a success, what is stored under the key decides. */
async function settle(publication: Publication, error: unknown): Promise<StoredObject> {
  if (!(error instanceof UploadError) || !mayHideSuccess(error)) throw error
  if (publication.context.signal?.aborted === true) throw error
  let found: { head: ObjectHead; comparison: Comparison }
  try {
    found = await look(publication)
  } catch {
    // The first error wins: it says what happened, and that the outcome is unknown.
    throw error
  }
  const { head, comparison } = found
  if (error.code === 'CALLBACK_FAILED') {
    // OSS reports a failed callback when the object is stored already: the caller must know of both.
    throw comparison.verdict === 'mismatch' ? mismatch(publication, head, comparison) : error
  }
  // Any other object may have the size of this one.
  if (comparison.verdict !== 'match') throw error
  return { ...head, ...checksumOf(comparison) }
}

function mayHideSuccess({ code, attempts = 1, outcomeUnknown = false }: UploadError): boolean {
  if (code === 'CHECKSUM_MISMATCH') return false
  // What a second attempt finds there, or no longer there, may be the work of the first.
  return outcomeUnknown || (attempts > 1 && (code === 'ALREADY_EXISTS' || code === 'NO_SUCH_UPLOAD'))
}

async function look({
  driver,
  key,
  expected,
  options,
  context,
}: Publication): Promise<{ head: ObjectHead; comparison: Comparison }> {
  const head = await driver.headObject(key, { ...context, isUnderWay: true }, options)
  return { head, comparison: await compareObject(head, expected) }
}

function checksumOf({ verdict, told }: Comparison): Pick<StoredObject, 'checksum'> {
  return verdict === 'match' && told !== undefined ? { checksum: told } : {}
}

function mismatch(
  { key, expected }: Publication,
  found: StoredObject & { size?: number },
  { told, expected: value }: Comparison,
): UploadError {
  const isComparable = told !== undefined && value !== undefined
  const ours = isComparable
    ? `${CHECKSUM_NAMES[told.algorithm]} ${value}`
    : `${CHECKSUM_NAMES.crc64ecma} ${formatCrc64(expected.crc64)}`
  const theirs = isComparable ? `with ${CHECKSUM_NAMES[told.algorithm]} ${told.value}` : 'without a checksum'
  const size = found.size === undefined ? 'an object' : `${found.size} bytes`
  return new UploadError(
    'CHECKSUM_MISMATCH',
    `the store holds ${size} ${theirs} under ${JSON.stringify(key)}, but ${expected.size} bytes with ${ours} were sent; the object is left as it is`,
    { key, requestId: found.requestId, retryable: true },
  )
}
