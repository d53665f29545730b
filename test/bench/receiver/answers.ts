/**
 * What a receiver says to each request, as OSS, OBS and S3 would. It keeps nothing: the ETag of a part holds its CRC-64
 * and its size, so that the list of ETags in Complete tells the whole object's.
 */
import type { Crc64 } from '../../../src/checksum/crc64.js'
import { combineCrc64 } from '../../../src/checksum/combine.js'
import { formatCrc64 } from '../../../src/checksum/decimal.js'

/** A body that has come. */
export interface Received {
  size: number
  /** Its bytes summed; undefined where that is not asked for. */
  crc: Crc64 | undefined
  /** Its text, where it is a document and no object. */
  document: string
}

export interface Answer {
  status: number
  headers: Record<string, string>
  text: string
}

const INITIATED = '<Bucket>bench</Bucket><Key>key</Key><UploadId>UPLOAD0000000001</UploadId>'
const COMPLETED = '<Location>here</Location><Bucket>bench</Bucket><Key>key</Key>'
const NO_UPLOADS = '<Bucket>bench</Bucket><IsTruncated>false</IsTruncated>'

export function answerTo(method: string, path: string, { size, crc, document }: Received): Answer {
  const query = new URLSearchParams(path.split('?')[1] ?? '')
  if (method === 'DELETE') return { status: 204, headers: {}, text: '' }
  if (method === 'PUT') {
    const crc64 = crc?.digest()
    return answer('', crc64, { etag: `"${hex(crc64 ?? 0n)}${hex(size)}"` })
  }
  if (method === 'POST' && query.has('uploadId')) {
    const parts = [...document.matchAll(/<ETag>[^<]*?([0-9A-F]{16})([0-9A-F]{16})[^<]*<\/ETag>/g)]
    const whole = parts.reduce((sum, [, part, size]) => combineCrc64(sum, BigInt(`0x${part}`), Number(`0x${size}`)), 0n)
    const etag = `<ETag>"${hex(whole).repeat(2)}-${parts.length}"</ETag>`
    return answer(xml('CompleteMultipartUploadResult', COMPLETED + etag), crc && whole)
  }
  if (method === 'POST') return answer(xml('InitiateMultipartUploadResult', INITIATED))
  return answer(method === 'GET' ? xml('ListMultipartUploadsResult', NO_UPLOADS) : '')
}

function answer(text: string, crc64?: bigint, headers?: Record<string, string>): Answer {
  const checksum = crc64 === undefined ? undefined : { 'x-oss-hash-crc64ecma': formatCrc64(crc64) }
  return { status: 200, headers: { ...headers, ...checksum, 'x-oss-request-id': '5F0000000000000000000001' }, text }
}

function xml(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><${root}>${content}</${root}>`
}

function hex(number: bigint | number): string {
  return number.toString(16).toUpperCase().padStart(16, '0')
}
