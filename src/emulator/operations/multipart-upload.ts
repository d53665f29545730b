/** The life of a multipart upload but for its end: InitiateMultipartUpload, UploadPart, AbortMultipartUpload. */
import { formatCrc64 } from '../../checksum/decimal.js'
import type { Answer } from '../http/answer.js'
import type { XmlNode } from '../http/xml-writer.js'
import { invalidArgument, Refusal } from '../refusal.js'
import type { OperationContext } from './operation.js'
import { checkOverwrite, readInteger, requireUpload } from './parameters.js'
import { receiveBody } from './receive-body.js'
import { readEncoding, xmlAnswer } from './xml-answer.js'

export function initiateMultipartUpload(context: OperationContext): Answer {
  const { call, dialect, limits, bucket, key, storage, guard, now } = context
  const properties = dialect.readProperties(call, 'InitiateMultipartUpload', limits)
  const encoding = readEncoding(context)
  checkOverwrite(context)
  const uploadId = dialect.newUploadId()
  storage.uploads.create({ uploadId, bucket, key, initiated: now.toISOString(), properties }, guard)
  const elements: XmlNode[] = [
    ...encoding.elements,
    ['Bucket', bucket],
    ['Key', encoding.encode(key)],
    ['UploadId', uploadId],
  ]
  return xmlAnswer(context, ['InitiateMultipartUploadResult', elements], dialect.encryptionHeaders(properties))
}

export async function uploadPart(context: OperationContext): Promise<Answer> {
  const { call, dialect, limits, storage, guard, now } = context
  const partNumber = readInteger(context, 'partNumber', 1, limits.maxParts)
  if (partNumber === undefined) throw invalidArgument('partNumber', '')
  dialect.checkPartHeaders(call)
  const { uploadId, properties } = requireUpload(context)
  const receipt = await receiveBody(context, limits.maxPartSize, async ({ files, size, md5, crc64 }) => {
    const part = { partNumber, size, md5, crc64: formatCrc64(crc64), lastModified: now.toISOString(), files }
    // The upload may have been completed or aborted while the part was on its way.
    const isAdded = await storage.uploads.addPart(uploadId, part, guard)
    if (!isAdded) throw new Refusal('no-such-upload', { UploadId: uploadId })
    return { etag: md5, crc64: part.crc64, md5 }
  })
  return { status: 200, headers: { ...dialect.receiptHeaders(receipt), ...dialect.encryptionHeaders(properties) } }
}

export async function abortMultipartUpload(context: OperationContext): Promise<Answer> {
  const { uploadId } = requireUpload(context)
  await context.storage.uploads.remove(uploadId, new Set())
  return { status: 204, headers: {} }
}
