/**
 * The checksums of the services, each in the notation of the service:
 *
 * - `crc64ecma`: CRC-64/XZ of OSS and OBS, an unsigned decimal number.
 * - `crc64nvme`, `crc32`: of S3, big-endian bytes in base64.
 * - `md5`: lower-case hex, as in an ETag. For a multipart upload: the MD5 of the MD5s of all parts, a hyphen, and the number
 *   of parts.
 */
import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { combineCrc } from './combine.js'
import type { Crc64 } from './crc64.js'
import { formatCrc64, parseCrc64 } from './decimal.js'
import { crc64Engine } from './engine.js'
import { CRC_32, ECMA_182, NVME, type Polynomial } from './polynomial.js'
import type { ChecksumAlgorithm } from '../shared/checksum-names.js'
import { crc64ByTable } from './engines/wasm-table-crc64.js'

/** A checksum of complete content, as returned by a service. */
export interface Checksum {
  algorithm: ChecksumAlgorithm
  /** In the notation of the algorithm. */
  value: string
}

/** A checksum that is being computed. */
export interface RunningChecksum {
  /** Adds the next bytes. */
  update(bytes: Uint8Array): void
  /** Returns the checksum. Must be called once, after the last byte. */
  digest(): string
}

/** The checksum of a part of known size, in bytes. */
export interface PartChecksum {
  value: string
  size: number
}

type Crc32 = (bytes: Uint8Array, value: number) => number

/** Native code, available since Node.js 20.15 and 22.2, but not in 21. */
const { crc32 } = zlib as { crc32?: Crc32 }

let startNvme: (() => Crc64) | undefined

/** Returns whether this version of Node.js can compute the checksum. */
export function canCompute(algorithm: ChecksumAlgorithm): boolean {
  return algorithm !== 'crc32' || crc32 !== undefined
}

/** Starts a checksum. @throws if `canCompute` returns false. */
export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'crc64ecma':
      return running(crc64Engine().create(), formatCrc64)
    case 'crc64nvme':
      startNvme ??= crc64ByTable(NVME)
      return running(startNvme(), (value) => base64Of(value, 8))
    case 'crc32':
      return new RunningCrc32()
    case 'md5':
      return runningMd5()
  }
}

/** Starts a checksum for comparison with that of a service. Returns undefined if it cannot be computed from the content. */
export function startComparison(expected: Checksum | undefined): RunningChecksum | undefined {
  // The MD5 of the MD5s of parts cannot be computed without the sizes of the parts.
  if (expected === undefined || !canCompute(expected.algorithm) || /-\d+$/.test(expected.value)) return undefined
  return startChecksum(expected.algorithm)
}

/** Returns the checksum of the parts combined in this order, or undefined if a value is not of this algorithm. */
export function combineChecksums(algorithm: ChecksumAlgorithm, parts: readonly PartChecksum[]): string | undefined {
  switch (algorithm) {
    case 'crc64ecma':
      return combine(ECMA_182, parts, parseCrc64, formatCrc64)
    case 'crc64nvme':
      return combine(NVME, parts, parseBase64(8), (value) => base64Of(value, 8))
    case 'crc32':
      return combine(CRC_32, parts, parseBase64(4), (value) => base64Of(value, 4))
    case 'md5':
      return combineMd5(parts)
  }
}

class RunningCrc32 implements RunningChecksum {
  readonly #crc32: Crc32
  #value = 0

  constructor() {
    if (crc32 === undefined) throw new Error('this version of Node has no zlib.crc32')
    this.#crc32 = crc32
  }

  update(bytes: Uint8Array): void {
    this.#value = this.#crc32(bytes, this.#value)
  }

  digest(): string {
    return base64Of(BigInt(this.#value), 4)
  }
}

function running(crc64: Crc64, format: (value: bigint) => string): RunningChecksum {
  return {
    update(bytes) {
      crc64.update(bytes)
    },
    digest: () => format(crc64.digest()),
  }
}

function runningMd5(): RunningChecksum {
  const hash = createHash('md5')
  return {
    update(bytes) {
      hash.update(bytes)
    },
    digest: () => hash.digest('hex'),
  }
}

function combine(
  polynomial: Polynomial,
  parts: readonly PartChecksum[],
  parse: (text: string) => bigint | undefined,
  format: (value: bigint) => string,
): string | undefined {
  let combined = 0n
  for (const { value, size } of parts) {
    const crc = parse(value)
    if (crc === undefined) return undefined
    combined = combineCrc(polynomial, combined, crc, size)
  }
  return format(combined)
}

function combineMd5(parts: readonly PartChecksum[]): string | undefined {
  if (parts.some(({ value }) => !/^[0-9a-f]{32}$/.test(value))) return undefined
  const hash = createHash('md5')
  for (const { value } of parts) hash.update(value, 'hex')
  return `${hash.digest('hex')}-${parts.length}`
}

function base64Of(value: bigint, bytes: number): string {
  return Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex').toString('base64')
}

function parseBase64(bytes: number): (text: string) => bigint | undefined {
  return (text) => {
    const buffer = Buffer.from(text, 'base64')
    if (buffer.length !== bytes || buffer.toString('base64') !== text) return undefined
    return BigInt(`0x${buffer.toString('hex')}`)
  }
}
