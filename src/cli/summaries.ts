import type { UploadResult } from '../index.js'
import { formatByteSize } from './byte-sizes.js'
import { formatSeconds } from './durations.js'

/** What was stored, on one line that can be read by people and searched by scripts. */
export function uploadSummary(address: string, result: UploadResult, elapsedMs: number): string {
  const { size, parts, crc64, etag, versionId } = result
  const rate = elapsedMs > 0 ? formatByteSize((size / elapsedMs) * 1000) : ''
  return [
    `stored ${address}`,
    `  ${size} bytes (${formatByteSize(size)}) in ${parts} ${parts === 1 ? 'part' : 'parts'}, ${formatSeconds(elapsedMs)}${rate === '' ? '' : `, ${rate}/s`}`,
    `  CRC-64 ${crc64}, ETag ${etag}${versionId === undefined ? '' : `, version ${versionId}`}`,
  ].join('\n')
}
