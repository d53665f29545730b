/**
 * The checksums that services accept with content and verify. `crc64ecma` is in decimal, the others are the base64 of
 * their bytes (API references: S3, "Checking object integrity"; OBS, `x-obs-checksum-crc64ecma`).
 */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { combineChecksums, startChecksum, type PartChecksum, type RunningChecksum } from '../../checksum/checksum.js'
import { combineCrc } from '../../checksum/combine.js'
import { CASTAGNOLI, crc32c } from './crc32c.js'

export type ContentAlgorithm = 'crc64ecma' | 'crc64nvme' | 'crc32' | 'crc32c' | 'sha1' | 'sha256'

/** Length of a value in bytes. */
const SIZES: Readonly<Record<ContentAlgorithm, number>> = {
  crc64ecma: 8,
  crc64nvme: 8,
  crc32: 4,
  crc32c: 4,
  sha1: 20,
  sha256: 32,
}

/** Whether the checksum of an object is that of its bytes or that of its parts' checksums. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

export interface ContentChecksum {
  readonly algorithm: ContentAlgorithm
  readonly value: string
}

export function startContentChecksum(algorithm: ContentAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'crc32c':
      return runningCrc32c()
    case 'sha1':
    case 'sha256':
      return runningHash(algorithm)
    default:
      return startChecksum(algorithm)
  }
}

/** Returns whether `text` has the form of a value of that algorithm. */
export function isChecksum(algorithm: ContentAlgorithm, text: string): boolean {
  if (algorithm === 'crc64ecma') return /^(0|[1-9]\d{0,19})$/.test(text) && BigInt(text) < 1n << 64n
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === SIZES[algorithm] && bytes.toString('base64') === text
}

/** Combines the checksums of the parts in order; undefined if that is impossible, as with hashes. */
export function checksumOfWhole(algorithm: ContentAlgorithm, parts: readonly PartChecksum[]): string | undefined {
  if (algorithm === 'sha1' || algorithm === 'sha256') return undefined
  if (algorithm !== 'crc32c') return combineChecksums(algorithm, parts)
  const crc = parts.reduce((before, { value, size }) => combineCrc(CASTAGNOLI, before, decode32(value), size), 0n)
  return encode32(Number(crc))
}

/** Returns the composite checksum: the algorithm over the parts' checksums, a hyphen and the number of parts. */
export function compositeChecksum(algorithm: ContentAlgorithm, parts: readonly PartChecksum[]): string {
  const running = startContentChecksum(algorithm)
  for (const { value } of parts) running.update(Buffer.from(value, 'base64'))
  return `${running.digest()}-${parts.length}`
}

function runningCrc32c(): RunningChecksum {
  let value = 0
  return {
    update(bytes) {
      value = crc32c(bytes, value)
    },
    digest: () => encode32(value),
  }
}

function runningHash(algorithm: 'sha1' | 'sha256'): RunningChecksum {
  const hash = createHash(algorithm)
  return {
    update(bytes) {
      hash.update(bytes)
    },
    digest: () => hash.digest('base64'),
  }
}

function encode32(value: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes.toString('base64')
}

function decode32(text: string): bigint {
  return BigInt(Buffer.from(text, 'base64').readUInt32BE())
}
