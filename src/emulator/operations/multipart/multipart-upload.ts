/** InitiateMultipartUpload, UploadPart and AbortMultipartUpload. */
import { formatCrc64 } from '../../../checksum/decimal.js'
import type { ContentChecksum } from '../../checksums/content-checksum.js'
import type { Receipt } from '../../dialects/dialect.js'
import type { Answer } from '../../http/answer.js'
import type { XmlNode } from '../../http/xml-writer.js'
import { invalidArgument, Refusal } from '../../refusal.js'
import type { ObjectProperties } from '../../storage/stored-object.js'
import type { OperationContext } from '../operation.js'
import { readInteger, requireUpload } from '../parameters.js'
import { checkWrite } from '../preconditions.js'
import { receiveBody } from '../body/receive-body.js'
import { readEncoding, xmlAnswer } from '../xml-answer.js'

export function initiateMultipartUpload(context: OperationContext): Answer {
  const { call, dialect, limits, bucket, key, storage, guard, now } = context
  const properties = dialect.readProperties(call, 'InitiateMultipartUpload', limits)
  const encoding = readEncoding(context, 'upload')
  checkWrite(context)
  const uploadId = dialect.newUploadId()
  storage.uploads.create({ uploadId, bucket, key, initiated: now.toISOString(), properties }, guard)
  const elements: XmlNode[] = [
    ...encoding.elements,
    ['Bucket', bucket],
    ['Key', encoding.encode(key)],
    ['UploadId', uploadId],
  ]
  return xmlAnswer(context, ['InitiateMultipartUploadResult', elements], dialect.initiationHeaders(properties))
}

export async function uploadPart(context: OperationContext): Promise<Answer> {
  const { call, dialect, limits, storage, guard, now } = context
  const partNumber = readInteger(context, 'partNumber', 1, limits.maxParts)
  if (partNumber === undefined) throw invalidArgument('partNumber', '')
  const upload = requireUpload(context)
  dialect.checkPartHeaders(call, upload)
  const { uploadId, properties } = upload
  const expectations = { maxSize: limits.maxPartSize, algorithm: properties.checksum?.algorithm }
  const receipt = await receiveBody(context, expectations, async ({ files, size, md5, crc64, checksum }) => {
    const part = {
      partNumber,
      size,
      etag: dialect.etagOf(md5, properties),
      crc64: formatCrc64(crc64),
      checksum,
      lastModified: now.toISOString(),
      files,
    }
    // The upload may have been completed or aborted while the part was received.
    const isAdded = await storage.uploads.addPart(uploadId, part, guard)
    if (!isAdded) throw new Refusal('no-such-upload', { UploadId: uploadId })
    return { etag: part.etag, crc64: part.crc64, md5, checksum: returnedChecksum(properties, checksum) }
  })
  return { status: 200, headers: { ...dialect.receiptHeaders(receipt), ...dialect.encryptionHeaders(properties) } }
}

/** The checksum of a part is not returned if the upload has no algorithm. */
function returnedChecksum(
  { checksum: plan }: ObjectProperties,
  checksum: ContentChecksum | undefined,
): Receipt['checksum'] {
  return plan === undefined || checksum === undefined ? undefined : { ...checksum, type: plan.type }
}

export async function abortMultipartUpload(context: OperationContext): Promise<Answer> {
  const { uploadId } = requireUpload(context)
  await context.storage.uploads.remove(uploadId, new Set())
  return { status: 204, headers: {} }
}
