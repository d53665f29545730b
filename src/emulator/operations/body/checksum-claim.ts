/** Reads the checksum that a request claims in `{prefix}checksum-{algorithm}`. */
import { isChecksum, type ContentAlgorithm, type ContentChecksum } from '../../checksums/content-checksum.js'
import { ServiceError } from '../../refusal.js'
import type { OperationContext } from '../operation.js'

type Asked = Pick<OperationContext, 'call' | 'dialect'>

/** Returns the claim in a header. Throws for two claims, and for an invalid value. */
export function readChecksumClaim({ call, dialect }: Asked): ContentChecksum | undefined {
  const [claim, ...others] = dialect.checksums.flatMap((algorithm) => {
    const value = call.header(checksumHeader({ dialect }, algorithm))
    return value === undefined ? [] : [{ algorithm, value }]
  })
  if (others.length > 0) {
    throw invalidRequest(
      `Expecting a single ${dialect.headerPrefix}checksum- header. Multiple checksum Types are not allowed.`,
    )
  }
  return claim
}

/** Throws for a value that does not have the form of the algorithm. */
export function checkForm({ dialect }: Pick<Asked, 'dialect'>, { algorithm, value }: ContentChecksum): void {
  if (isChecksum(algorithm, value)) return
  throw invalidRequest(`Value for ${checksumHeader({ dialect }, algorithm)} header is invalid.`)
}

/** Returns the algorithm of the checksum in the trailers. */
export function announcedAlgorithm({ call, dialect }: Asked): ContentAlgorithm | undefined {
  const names = (call.header(`${dialect.headerPrefix}trailer`) ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
  return dialect.checksums.find((algorithm) => names.includes(checksumHeader({ dialect }, algorithm)))
}

export function checksumHeader({ dialect }: Pick<Asked, 'dialect'>, algorithm: ContentAlgorithm): string {
  return `${dialect.headerPrefix}checksum-${algorithm}`
}

export function invalidRequest(message: string): ServiceError {
  return new ServiceError({ status: 400, code: 'InvalidRequest', message })
}

export function checksumMismatch(algorithm: ContentAlgorithm): ServiceError {
  const message = `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`
  return new ServiceError({ status: 400, code: 'BadDigest', message })
}
