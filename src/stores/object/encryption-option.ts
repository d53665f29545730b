/** Checks the option `serverSideEncryption`. No message contains a value that may be a key. */
import { types } from 'node:util'
import { checkNames, checkObject, checkOneOf, checkString } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { checkHeaderValue } from './header-checks.js'
import { ENCRYPTION_NAMES, type ServerSideEncryption } from './object-options.js'

/** Encryption with a key of the service, or with a customer key. */
export type Encryption<T extends string> =
  { by: 'service'; algorithm: T; keyId?: string; dataEncryption?: string } | { by: 'caller'; customerKey: unknown }

/** Longer than any algorithm's name, and shorter than any key. */
const LONGEST_SHOWN = 20

/** Throws UploadError. */
export function readEncryption<T extends string>(option: unknown, algorithms: readonly T[]): Encryption<T> {
  const { algorithm, keyId, dataEncryption, customerKey } = asObject(option)
  if (customerKey !== undefined) {
    checkAlgorithm(algorithm ?? 'AES256', ['AES256'])
    for (const [name, value] of Object.entries({ keyId, dataEncryption }) as [keyof ServerSideEncryption, unknown][]) {
      // The message does not contain the value, which may be a key in the wrong place.
      refuseEncryptionPart(name, value, 'it cannot be combined with customerKey')
    }
    return { by: 'caller', customerKey }
  }
  return {
    by: 'service',
    algorithm: checkAlgorithm(algorithm, algorithms),
    ...(keyId === undefined ? {} : { keyId: checkText('keyId', keyId) }),
    ...(dataEncryption === undefined ? {} : { dataEncryption: checkText('dataEncryption', dataEncryption) }),
  }
}

/** Refuses an option that only some algorithms or services support. Throws UploadError. */
export function refuseEncryptionPart(name: keyof ServerSideEncryption, value: unknown, why: string): void {
  if (value !== undefined)
    throw new UploadError('INVALID_OPTION', `serverSideEncryption.${name} must be left out: ${why}`)
}

function asObject(option: unknown): Record<string, unknown> {
  if (typeof option === 'string') return { algorithm: option }
  if (types.isUint8Array(option)) {
    throw new UploadError('INVALID_OPTION', 'serverSideEncryption must not be bytes: give a key as { customerKey }')
  }
  const object = checkObject('serverSideEncryption', option)
  checkNames('serverSideEncryption', object, ENCRYPTION_NAMES)
  return object
}

function checkAlgorithm<T extends string>(value: unknown, algorithms: readonly T[]): T {
  const shown =
    typeof value === 'string' && value.length > LONGEST_SHOWN ? `a text of ${value.length} characters` : value
  const known = algorithms.find((algorithm) => algorithm === value)
  return known ?? checkOneOf('serverSideEncryption', shown, algorithms)
}

function checkText(name: string, value: unknown): string {
  return checkHeaderValue(`serverSideEncryption.${name}`, checkString(`serverSideEncryption.${name}`, value))
}
