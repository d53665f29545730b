/** Raw multipart requests in the words of S3 or OBS. */
import { createHash, createHmac } from 'node:crypto'
import type { Emulator } from '../../src/emulator/index.js'
import { send, xmlOf, type RawAnswer, type RawRequest } from './signed-request.js'

type Signature = NonNullable<RawRequest['signature']>

export interface RawUpload {
  uploadId: string
  part(partNumber: number, body: string | Uint8Array, headers?: Record<string, string>): Promise<RawAnswer>
  /** `parts`: what is inside each Part besides its number. */
  complete(parts: Record<number, string>, headers?: Record<string, string>): Promise<RawAnswer>
}

/** An upload of the key `k`. */
export async function startUpload(
  emulator: Emulator,
  signature: Signature,
  headers: Record<string, string> = {},
): Promise<RawUpload & { initiated: RawAnswer }> {
  const key = 'k'
  const initiated = await send(emulator, { method: 'POST', key, query: [['uploads', '']], headers, signature })
  const uploadId = xmlOf(initiated).text('UploadId') ?? ''
  return {
    initiated,
    uploadId,
    part: (partNumber, body, partHeaders = {}) =>
      send(emulator, {
        method: 'PUT',
        key,
        query: [
          ['partNumber', String(partNumber)],
          ['uploadId', uploadId],
        ],
        body,
        headers: partHeaders,
        signature,
      }),
    complete: (parts, completeHeaders = {}) => {
      const elements = Object.entries(parts).map(([number, inside]) => {
        return `<Part><PartNumber>${number}</PartNumber>${inside}</Part>`
      })
      const body = `<CompleteMultipartUpload>${elements.join('')}</CompleteMultipartUpload>`
      const query: [string, string][] = [['uploadId', uploadId]]
      return send(emulator, { method: 'POST', key, query, body, headers: completeHeaders, signature })
    },
  }
}

/** The element of a Complete with the ETag of a part's answer. */
export function etagOf(answer: RawAnswer): string {
  return `<ETag>${answer.headers.etag ?? ''}</ETag>`
}

export function md5(content: string | Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** `aws-chunked` content with a signature on each chunk, going on from the `seed` of the headers. */
export function signedChunks(
  chunks: readonly string[],
  { secret, dateTime, region, seed }: { secret: string; dateTime: string; region: string; seed: string },
): string {
  const day = dateTime.slice(0, 8)
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), 's3'), 'aws4_request')
  let previous = seed
  return [...chunks, '']
    .map((chunk) => {
      const scope = `${day}/${region}/s3/aws4_request`
      const text = ['AWS4-HMAC-SHA256-PAYLOAD', dateTime, scope, previous, sha256(''), sha256(chunk)].join('\n')
      previous = hmac(key, text).toString('hex')
      return `${chunk.length.toString(16)};chunk-signature=${previous}\r\n${chunk}\r\n`
    })
    .join('')
}
