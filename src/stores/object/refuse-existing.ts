import { UploadError } from '../../shared/errors.js'
import type { ObjectOptions } from './object-options.js'
import type { ObjectRequest } from './option-table.js'
import type { CallContext, ObjectHead, StoreDriver } from '../store-driver.js'

/** Looks for the object before a request on which the service may not keep it by itself. Throws UploadError where it is. */
export async function refuseExisting(
  driver: Pick<StoreDriver, 'bucket' | 'headObject'>,
  key: string,
  request: ObjectRequest,
  context: CallContext,
  options: ObjectOptions,
): Promise<void> {
  let head: ObjectHead
  try {
    head = await driver.headObject(key, { ...context, onSent: undefined }, options)
  } catch (error) {
    if (error instanceof UploadError && error.code === 'NOT_FOUND') return
    // Looking here saves sending the whole object in vain; that nothing is replaced is seen to at the end.
    if (request === 'initiate') return
    throw error
  }
  throw new UploadError('ALREADY_EXISTS', `${JSON.stringify(key)} exists, and forbidOverwrite is set`, {
    bucket: driver.bucket,
    key,
    requestId: head.requestId,
  })
}
