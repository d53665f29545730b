import type { Checksum } from '../../checksum/checksum.js'
import { CHECKSUM_NAMES } from '../../shared/checksum-names.js'
import { UploadError, type UploadErrorDetails } from '../../shared/errors.js'

/** Returns the error of bytes that are not the expected ones. */
export function mismatch(message: string, facts: UploadErrorDetails): UploadError {
  return new UploadError('CHECKSUM_MISMATCH', message, { ...facts, retryable: true })
}

/** Returns how a message describes bytes: `1000 bytes with CRC-64 123`. */
export function bytesText(size: number, checksum: Checksum | undefined): string {
  return checksum === undefined ? `${size} bytes` : `${size} bytes with ${checksumText(checksum)}`
}

export function checksumText({ algorithm, value }: Checksum): string {
  return `${CHECKSUM_NAMES[algorithm]} ${value}`
}
