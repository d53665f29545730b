/** Formats the result, on lines that people can read and scripts can search. */
import { CHECKSUM_NAMES } from '../../internal.js'
import type { Checksum, DownloadResult, UploadResult } from '../../index.js'
import { formatByteSize } from '../options/byte-sizes.js'
import { countOf, formatCount } from '../options/counts.js'
import { formatSeconds } from '../options/durations.js'

export function uploadSummary(address: string, result: UploadResult, retries: number, elapsedMs: number): string {
  const { size, parts, resumed, crc64, checksum, etag, versionId } = result
  const sentBefore = resumed === undefined ? '' : `, ${formatCount(resumed.parts)} of them sent before`
  const others = retries === 0 ? '' : `, ${countOf(retries, 'retry', 'retries')}`
  return [
    `stored ${address}`,
    `  ${amount(size)} in ${countOf(parts, 'part')}${sentBefore}, ${paceOf(size - (resumed?.bytes ?? 0), elapsedMs)}${others}`,
    // The CRC-64 of the bytes is the same for every service. Other checksums that were compared follow it.
    `  CRC-64 ${crc64}${isSaidOtherwise(checksum) ? '' : `, ${textOf(checksum)}`}, ETag ${etag}${versionId === undefined ? '' : `, version ${versionId}`}`,
  ].join('\n')
}

export function downloadSummary(address: string, result: DownloadResult, retries: number, elapsedMs: number): string {
  const { size, checksum, etag, ranges } = result
  const others = retries === 0 ? '' : `, ${countOf(retries, 'retry', 'retries')}`
  const verdict =
    checksum === undefined
      ? `size and ETag ${etag} compared: the store returned no checksum`
      : isEtagOfParts(checksum)
        ? `verified by the ETag of its parts ${etag}`
        : `verified by ${textOf(checksum)}\n  ETag ${etag}`
  const how = `in ${countOf(ranges, 'range')}`
  return [`read ${address}`, `  ${amount(size)} ${how}, ${paceOf(size, elapsedMs)}${others}`, `  ${verdict}`].join('\n')
}

function amount(size: number): string {
  return `${countOf(size, 'byte')} (${formatByteSize(size)})`
}

function paceOf(size: number, elapsedMs: number): string {
  return `${formatSeconds(elapsedMs)}${elapsedMs > 0 ? `, ${formatByteSize((size / elapsedMs) * 1000)}/s` : ''}`
}

/** Whether the line with the CRC-64 and the ETag contains it already. */
function isSaidOtherwise(checksum: Checksum | undefined): checksum is undefined {
  return checksum === undefined || checksum.algorithm === 'crc64ecma' || isEtagOfParts(checksum)
}

/** The MD5 of the MD5s of parts is not the MD5 of the object: `md5sum` prints another one. */
export function isEtagOfParts({ algorithm, value }: Checksum): boolean {
  return algorithm === 'md5' && value.includes('-')
}

function textOf({ algorithm, value }: Checksum): string {
  return `${CHECKSUM_NAMES[algorithm]} ${value}`
}
