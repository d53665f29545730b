/** The record of an unfinished download, and its text. */
import {
  asCount,
  asCrc64,
  asList,
  asObject,
  asText,
  seal,
  type SealedKind,
  unseal,
  type Unsealed,
} from '../../checkpoint/sealed-text.js'
import { formatCrc64 } from '../../checksum/decimal.js'
import type { ObjectIdentity } from '../object-pin.js'
import type { WrittenSpan } from './written-spans.js'

export interface DownloadRecord extends ObjectIdentity {
  /** The object's URL. */
  location: string
  /** The absolute path of the target. */
  file: string
  /** The spans in the partial file, in order and without overlaps. */
  spans: readonly WrittenSpan[]
}

const KIND: SealedKind = { format: 'oss-upload-stream-download', version: 1, list: 'spans' }

export function formatDownload({ spans, ...facts }: DownloadRecord): string {
  const items = spans.map(({ crc64, ...span }) => JSON.stringify({ ...span, crc64: formatCrc64(crc64) }))
  return seal(KIND, facts, items)
}

export function readDownload(text: string): Unsealed<DownloadRecord> {
  return unseal(KIND, text, recordOf)
}

function recordOf(value: unknown): DownloadRecord {
  const { location, file, etag, size, versionId, spans } = asObject('the record', value)
  return {
    location: asText('location', location),
    file: asText('file', file),
    etag: asText('etag', etag),
    size: asCount('size', size),
    ...(versionId === undefined ? {} : { versionId: asText('versionId', versionId) }),
    spans: spansOf(asList('spans', spans), asCount('size', size)),
  }
}

function spansOf(values: readonly unknown[], size: number): WrittenSpan[] {
  let before = 0
  return values.map((value) => {
    const { start, end, crc64 } = asObject('a span', value)
    const span = { start: asCount('start', start), end: asCount('end', end), crc64: asCrc64('crc64', crc64) }
    if (span.start < before || span.end <= span.start || span.end > size) throw new Error('the spans are not in order')
    before = span.end
    return span
  })
}
