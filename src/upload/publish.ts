/**
 * Making the object visible, and knowing that it is the one that was meant. A request whose answer was lost is not a
 * failure: the object is looked at before anything is decided.
 */
import { formatCrc64 } from '../checksum/decimal.js'
import { UploadError } from '../shared/errors.js'
import type { ObjectOptions } from '../stores/object-options.js'
import type {
  CallContext,
  CompletedPart,
  ObjectBody,
  ObjectHead,
  StoreDriver,
  StoredObject,
  UploadAddress,
} from '../stores/store-driver.js'

/** The object is published: nobody waits long for what may not even be there. */
const TIDY_UP_MS = 10_000

/** What the object must be. */
interface Expected {
  key: string
  size: number
  crc64: bigint
}

/** One request for an object that fits in one part. Throws UploadError. */
export async function putVerified(
  driver: StoreDriver,
  key: string,
  body: ObjectBody,
  options: ObjectOptions,
  context: CallContext,
): Promise<StoredObject> {
  const expected = { key, size: body.bytes.length, crc64: body.crc64 }
  try {
    return await verify(driver, expected, await driver.putObject(key, body, options, context), context)
  } catch (error) {
    return settle(driver, expected, error, context)
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
  const expected = { key: upload.key, ...whole }
  try {
    const stored = await driver.completeMultipartUpload(upload, parts, options, context)
    return await verify(driver, expected, stored, context)
  } catch (error) {
    const found = await settle(driver, expected, error, context)
    // What was found may be the same bytes from an earlier upload: then this one is unfinished, and else it is gone.
    await driver.abortMultipartUpload(upload, { ...context, retryTotalMs: TIDY_UP_MS }).catch(() => undefined)
    return found
  }
}

/** The service says that it stored an object: it must be ours. Only a service that gives no checksum is asked again. */
async function verify(
  driver: StoreDriver,
  expected: Expected,
  stored: StoredObject,
  context: CallContext,
): Promise<StoredObject> {
  if (stored.crc64 !== undefined) {
    if (stored.crc64 !== expected.crc64) throw mismatch(expected, { crc64: stored.crc64 }, stored.requestId)
    return stored
  }
  const head = await driver.headObject(expected.key, context)
  if (!isExpected(head, expected)) throw mismatch(expected, head, head.requestId)
  return { ...stored, etag: stored.etag === '' ? head.etag : stored.etag }
}

/** After a failure that may hide a success, what is stored under the key decides. */
async function settle(
  driver: StoreDriver,
  expected: Expected,
  error: unknown,
  context: CallContext,
): Promise<StoredObject> {
  if (!(error instanceof UploadError) || !mayHideSuccess(error) || context.signal?.aborted === true) throw error
  let head: ObjectHead
  try {
    head = await driver.headObject(expected.key, context)
  } catch {
    // The first error wins: it says what happened, and that the outcome is unknown.
    throw error
  }
  // OSS reports a failed callback when the object is stored already: the caller must know of both.
  if (error.code === 'CALLBACK_FAILED') {
    throw isExpected(head, expected) ? error : mismatch(expected, head, head.requestId)
  }
  // Without a checksum it may be any object of that size, and one that was there before.
  if (head.crc64 === undefined || !isExpected(head, expected)) throw error
  return head
}

function mayHideSuccess({ code, attempts = 1, outcomeUnknown = false }: UploadError): boolean {
  if (code === 'CHECKSUM_MISMATCH') return false
  // What a second attempt finds there, or no longer there, may be the work of the first.
  return outcomeUnknown || (attempts > 1 && (code === 'ALREADY_EXISTS' || code === 'NO_SUCH_UPLOAD'))
}

function isExpected(found: Pick<ObjectHead, 'size' | 'crc64'>, expected: Expected): boolean {
  return found.size === expected.size && (found.crc64 === undefined || found.crc64 === expected.crc64)
}

function mismatch(
  expected: Expected,
  found: { size?: number; crc64?: bigint | undefined },
  requestId: string,
): UploadError {
  const ours = `${expected.size} bytes with CRC-64 ${formatCrc64(expected.crc64)}`
  const sizeFound = found.size === undefined ? 'an object' : `${found.size} bytes`
  const crcFound = found.crc64 === undefined ? 'without a checksum' : `with CRC-64 ${formatCrc64(found.crc64)}`
  return new UploadError(
    'CHECKSUM_MISMATCH',
    `the store holds ${sizeFound} ${crcFound} under ${JSON.stringify(expected.key)}, but ${ours} were sent; the object is left as it is`,
    { key: expected.key, requestId, retryable: true },
  )
}
