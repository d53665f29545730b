/**
 * What a receiver says to each request, as OSS, OBS and S3 would. It keeps nothing but the size of each object: the ETag
 * of a part holds its CRC-64 and its size, so that the list of ETags in Complete tells the whole object's.
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

/** `sizes` has the size of each object by its path, for the clients that look at what they have uploaded. */
export function answerTo(
  method: string,
  target: string,
  { size, crc, document }: Received,
  sizes: Map<string, number>,
): Answer {
  const [path = '', search = ''] = target.split('?')
  const query = new URLSearchParams(search)
  if (method === 'DELETE') return { status: 204, headers: {}, text: '' }
  if (method === 'HEAD') return headOf(sizes.get(path))
  if (method === 'PUT') {
    if (!query.has('uploadId')) sizes.set(path, size)
    const crc64 = crc?.digest()
    return answer('', crc64, {
      etag: crc64 === undefined ? `"${hex(0n)}${hex(size)}-1"` : `"${hex(crc64)}${hex(size)}"`,
    })
  }
  if (method === 'POST' && query.has('uploadId')) {
    const parts = [...document.matchAll(/<ETag>[^<]*?([0-9A-F]{16})([0-9A-F]{16})[^<]*<\/ETag>/g)]
    sizes.set(
      path,
      parts.reduce((sum, [, , part]) => sum + Number(`0x${part}`), 0),
    )
    const whole = parts.reduce((sum, [, part, size]) => combineCrc64(sum, BigInt(`0x${part}`), Number(`0x${size}`)), 0n)
    const etag = `<ETag>"${hex(whole).repeat(2)}-${parts.length}"</ETag>`
    return answer(xml('CompleteMultipartUploadResult', COMPLETED + etag), crc && whole)
  }
  if (method === 'POST') return answer(xml('InitiateMultipartUploadResult', INITIATED))
  return answer(method === 'GET' ? xml('ListMultipartUploadsResult', NO_UPLOADS) : '')
}

/** A client that compares ETags with MD5 leaves one with a dash alone, which is that of several parts. */
function headOf(size: number | undefined): Answer {
  if (size === undefined) return { ...answer(''), status: 404 }
  const modified = new Date().toUTCString()
  return answer('', undefined, {
    'content-length': String(size),
    'last-modified': modified,
    etag: `"${hex(0n).repeat(2)}-2"`,
  })
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
