/** Multipart uploads in raw requests. */
import type { Emulator } from '../../src/emulator/index.js'
import { send, xmlOf, type RawAnswer, type RawRequest } from './signed-request.js'

export async function initiate(emulator: Emulator, key: string, request: RawRequest = {}): Promise<string> {
  const answer = await send(emulator, { method: 'POST', key, query: [['uploads', '']], ...request })
  const uploadId = xmlOf(answer).text('UploadId')
  if (uploadId === undefined) throw new Error(`Initiate was answered with ${answer.status} ${answer.body.toString()}`)
  return uploadId
}

export function uploadPart(
  emulator: Emulator,
  key: string,
  uploadId: string,
  partNumber: number,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const query: [string, string][] = [
    ['partNumber', String(partNumber)],
    ['uploadId', uploadId],
  ]
  return send(emulator, { method: 'PUT', key, query, body, headers })
}

export interface CompletedPart {
  partNumber: number
  etag: string
}

export function complete(
  emulator: Emulator,
  key: string,
  uploadId: string,
  parts: CompletedPart[],
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  return send(emulator, {
    method: 'POST',
    key,
    query: [['uploadId', uploadId]],
    body: completeDocument(parts),
    headers,
  })
}

export function completeDocument(parts: CompletedPart[]): string {
  const elements = parts.map(
    ({ partNumber, etag }) => `<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag></Part>`,
  )
  return `<CompleteMultipartUpload>${elements.join('')}</CompleteMultipartUpload>`
}
