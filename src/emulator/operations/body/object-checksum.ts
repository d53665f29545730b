/**
 * Computes the checksum of a multipart object (S3 User Guide, "Checking object integrity"): FULL_OBJECT is that of its
 * bytes, COMPOSITE that of the parts' checksums. Throws if the claim of the request differs.
 */
import { checksumOfWhole, compositeChecksum, type ContentAlgorithm } from '../../checksums/content-checksum.js'
import { Refusal } from '../../refusal.js'
import type { ChecksumPlan, StoredChecksum } from '../../storage/stored-object.js'
import type { StoredPart } from '../../storage/uploads.js'
import { checksumMismatch, invalidRequest, readChecksumClaim } from './checksum-claim.js'
import type { OperationContext } from '../operation.js'
import type { ListedPart } from '../multipart/part-list.js'

/** Returns undefined if the service has no checksum of its own. Throws if a claim of the request is wrong. */
export function checksumOfObject(
  context: OperationContext,
  declared: ChecksumPlan | undefined,
  parts: readonly StoredPart[],
  listed: readonly ListedPart[],
): StoredChecksum | undefined {
  checkSize(context, parts)
  const claim = readChecksumClaim(context)
  const plan = declared ?? usualPlan(context, claim?.algorithm)
  if (plan === undefined) return undefined
  if (declared !== undefined) {
    checkType(context, declared)
    checkNumbers(listed)
    checkParts(declared, parts, listed)
  }
  const value = valueOf(plan, parts)
  // Parts that were uploaded through another service do not have it.
  if (value === undefined) return undefined
  const checksum = { ...plan, value }
  if (claim !== undefined) {
    // The number of parts of a composite checksum is optional.
    const isSame = claim.value === checksum.value || claim.value === checksum.value.replace(/-\d+$/, '')
    if (claim.algorithm !== plan.algorithm || !isSame) throw checksumMismatch(claim.algorithm)
  }
  return checksum
}

/** If the client sends none. */
function usualPlan({ dialect }: OperationContext, claimed: ContentAlgorithm | undefined): ChecksumPlan | undefined {
  const algorithm = dialect.usualChecksum ?? claimed
  return algorithm === undefined ? undefined : { algorithm, type: 'FULL_OBJECT' }
}

function valueOf({ algorithm, type }: ChecksumPlan, parts: readonly StoredPart[]): string | undefined {
  const values = parts.map(({ size, crc64, checksum }) => ({
    size,
    // Every part has a CRC-64/XZ.
    value: algorithm === 'crc64ecma' ? crc64 : checksum?.algorithm === algorithm ? checksum.value : '',
  }))
  if (values.some(({ value }) => value === '')) return undefined
  return type === 'COMPOSITE' ? compositeChecksum(algorithm, values) : checksumOfWhole(algorithm, values)
}

function checkSize({ call, dialect }: OperationContext, parts: readonly StoredPart[]): void {
  const claimed = call.header(`${dialect.headerPrefix}mp-object-size`)
  if (claimed === undefined || claimed === String(parts.reduce((sum, { size }) => sum + size, 0))) return
  throw invalidRequest(`The provided '${dialect.headerPrefix}mp-object-size' header does not match what was computed.`)
}

function checkType({ call, dialect }: OperationContext, { type }: ChecksumPlan): void {
  const claimed = call.header(`${dialect.headerPrefix}checksum-type`)
  if (claimed === undefined || claimed.toUpperCase() === type) return
  throw invalidRequest(
    `The upload was created using the ${type} checksum mode. The complete request must use the same checksum mode.`,
  )
}

/** With checksums of parts, their numbers must be consecutive. */
function checkNumbers(listed: readonly ListedPart[]): void {
  const stray = listed.find(({ partNumber }, index) => partNumber !== index + 1)
  if (stray !== undefined) throw new Refusal('invalid-part-order', { PartNumber: String(stray.partNumber) })
}

function checkParts(
  { algorithm, type }: ChecksumPlan,
  parts: readonly StoredPart[],
  listed: readonly ListedPart[],
): void {
  for (const [index, part] of listed.entries()) {
    const claimed = part.checksum(algorithm)
    if (claimed === undefined && type === 'COMPOSITE') {
      throw invalidRequest(
        `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${part.partNumber} in the request.`,
      )
    }
    if (claimed !== undefined && claimed !== parts[index]?.checksum?.value) {
      throw new Refusal('invalid-part', { PartNumber: String(part.partNumber) })
    }
  }
}
