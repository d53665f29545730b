/** Compares the range of a response with the requested one (RFC 9110, 14.4 and 15.3.7). */
import type { HttpHead } from '../../http/http-message.js'

/** The range of bytes in a response. */
export interface AnsweredRange {
  /** Offset of the first byte, from 0. */
  start: number
  /** Bytes. */
  length: number
  /** Size in bytes of the whole object. */
  size: number
}

/**
 * Returns the range of the response. Without `asked` that is the whole object.
 *
 * @throws {Error} if that is not the requested range, or the headers do not contain it.
 */
export function answeredRange(
  asked: { start: number; end?: number } | undefined,
  { status, headers }: HttpHead,
): AnsweredRange {
  const found = status === 206 ? partOf(headers['content-range'] ?? '') : wholeOf(headers['content-length'])
  checkLength(found, headers['content-length'])
  checkCoding(headers)
  if (asked === undefined) {
    if (found.start === 0 && found.length === found.size) return found
    throw new Error(`the response has ${named(found)} but the whole object was requested`)
  }
  const end = Math.min(asked.end ?? Infinity, found.size - 1)
  if (found.start === asked.start && found.start + found.length - 1 === end) return found
  const wanted = `bytes ${asked.start} to ${asked.end ?? 'the end'}`
  const ignored = status === 206 ? '' : `, with status ${status}: the service or a proxy ignores ranges`
  throw new Error(`the response has ${named(found)} but ${wanted} were requested${ignored}`)
}

function partOf(header: string): AnsweredRange {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header) ?? []
  const start = Number(first)
  const length = Number(last) - start + 1
  const size = Number(total)
  if (total === undefined || length < 1 || start + length > size) {
    throw new Error(`the response is part of an object, with Content-Range ${JSON.stringify(header)}`)
  }
  return { start, length, size }
}

function wholeOf(length: string | undefined): AnsweredRange {
  if (length === undefined || !/^\d+$/.test(length)) throw new Error('the response has no Content-Length')
  return { start: 0, length: Number(length), size: Number(length) }
}

function checkLength({ length }: AnsweredRange, header: string | undefined): void {
  if (header === undefined || header === String(length)) return
  throw new Error(`the response has Content-Length ${header} for ${length} bytes`)
}

/**
 * Refuses a response with Content-Encoding but without Content-Length: a proxy may have compressed the bytes, which
 * would not be noticed if the service has no checksum. The response for an object that is stored compressed has a
 * length.
 */
function checkCoding(headers: HttpHead['headers']): void {
  const coding = headers['content-encoding'] ?? 'identity'
  if (coding === 'identity' || headers['content-length'] !== undefined) return
  const why = 'a proxy seems to change the bytes'
  throw new Error(`the response has Content-Encoding ${JSON.stringify(coding)} and no Content-Length: ${why}`)
}

function named({ start, length, size }: AnsweredRange): string {
  return length === 0 ? 'no bytes' : `bytes ${start} to ${start + length - 1} of ${size}`
}
