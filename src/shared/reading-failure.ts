import { systemCodeOf, toError, UploadError } from './errors.js'

/**
 * Resolves with the result of a call that reads a file. `what` names the file in the message.
 * @throws {UploadError} `FILE_FAILED` where the system refuses the call; its own error is the cause. Rethrows other
 * errors unchanged.
 */
export async function readingFrom<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw isOfSystem(error) ? cannotRead(what, error) : error
  }
}

function cannotRead(what: string, error: unknown): UploadError {
  const cause = toError(error)
  return new UploadError('FILE_FAILED', `${what} cannot be read: ${cause.message}`, { cause })
}

function isOfSystem(error: unknown): boolean {
  return systemCodeOf(error) !== undefined && 'syscall' in (error as Error)
}
