/**
 * Completes a multipart upload. No bytes are copied: the object refers to the files of its parts, so ten thousand parts
 * take only as long as the document that lists them.
 */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { combineCrc64 } from '../../../checksum/combine.js'
import { formatCrc64 } from '../../../checksum/decimal.js'
import type { Answer } from '../../http/answer.js'
import { collectBody } from '../../http/request-body.js'
import type { XmlNode } from '../../http/xml-writer.js'
import { invalidArgument, Refusal } from '../../refusal.js'
import { randomName } from '../../storage/folders.js'
import type { ObjectProperties } from '../../storage/stored-object.js'
import type { StoredPart } from '../../storage/uploads.js'
import { announceObject, readCallback } from '../callback/callback.js'
import { checksumOfObject } from '../body/object-checksum.js'
import type { OperationContext } from '../operation.js'
import { checkDigest } from '../body/document-digest.js'
import { checkWrite } from '../preconditions.js'
import { requireUpload } from '../parameters.js'
import { parsePartList, type ListedPart } from './part-list.js'
import { readEncoding, xmlAnswer } from '../xml-answer.js'

/** A verbose list of ten thousand parts has about 2 MB. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024

export async function completeMultipartUpload(context: OperationContext): Promise<Answer> {
  const { call, dialect, bucket, key, storage, guard, now } = context
  const encoding = readEncoding(context, 'upload')
  const callback = readCallback(context)
  const acl = dialect.readAcl(call)
  requireUpload(context)
  const document = await collectBody(context.body(), MAX_DOCUMENT_BYTES)
  checkDigest(context, document)
  // Nothing is awaited from here to the commit: the second of two requests to complete an upload gets NoSuchUpload.
  const { uploadId, properties } = requireUpload(context)
  const listed = dialect.completesAll(call) ? undefined : await parsePartList(document)
  const parts = listed === undefined ? allParts(context, document, uploadId) : listedParts(context, listed, uploadId)
  checkSizes(context, parts)
  const checksum = checksumOfObject(context, properties.checksum, parts, listed ?? [])
  checkWrite(context)
  const object = {
    bucket,
    key,
    version: randomName(),
    size: parts.reduce((sum, { size }) => sum + size, 0),
    etag: etagOf(context, properties, parts),
    crc64: crc64Of(parts),
    checksum,
    lastModified: now.toISOString(),
    properties: acl === undefined ? properties : { ...properties, acl },
    uploadId,
    files: parts.flatMap(({ files }) => files),
  }
  const replaced = storage.objects.commit(object, guard)
  await Promise.all([replaced, storage.uploads.remove(uploadId, new Set(parts))])
  const completion = dialect.completion({ etag: object.etag, crc64: object.crc64, checksum })
  const elements: XmlNode[] = [
    ...encoding.elements,
    ['Location', `http://${call.header('host') ?? call.host}${call.rawPath}`],
    ['Bucket', bucket],
    ['Key', encoding.encode(key)],
    ['ETag', dialect.formatEtag(object.etag)],
    ...completion.elements,
  ]
  const headers = {
    ...completion.headers,
    ...dialect.encryptionHeaders(properties),
  }
  const answer = xmlAnswer(context, ['CompleteMultipartUploadResult', elements], headers)
  return announceObject(context, callback, object, answer)
}

function allParts({ storage }: OperationContext, document: Buffer, uploadId: string): StoredPart[] {
  if (document.length > 0) throw new Refusal('unexpected-part-list')
  const parts = storage.uploads.parts(uploadId)
  if (parts.length === 0) throw new Refusal('invalid-part', { UploadId: uploadId })
  return parts
}

function listedParts(
  { dialect, storage, limits }: OperationContext,
  listed: readonly ListedPart[],
  uploadId: string,
): StoredPart[] {
  const stored = new Map(storage.uploads.parts(uploadId).map((part) => [part.partNumber, part]))
  let previous = 0
  return listed.map(({ partNumber, etag }) => {
    if (partNumber < 1 || partNumber > limits.maxParts) throw invalidArgument('PartNumber', String(partNumber))
    if (partNumber <= previous) throw new Refusal('invalid-part-order', { PartNumber: String(partNumber) })
    previous = partNumber
    const part = stored.get(partNumber)
    if (part === undefined || part.etag !== etag) {
      throw new Refusal('invalid-part', {
        PartNumber: String(partNumber),
        ETag: dialect.formatEtag(etag).replaceAll('"', ''),
        UploadId: uploadId,
      })
    }
    return part
  })
}

/** Only Complete knows which part is the last one, which may be smaller. */
function checkSizes({ limits, dialect }: OperationContext, parts: readonly StoredPart[]): void {
  const small = parts.slice(0, -1).find(({ size }) => size < limits.minPartSize)
  if (small === undefined) return
  throw new Refusal('part-too-small', {
    ProposedSize: String(small.size),
    MinSizeAllowed: String(limits.minPartSize),
    PartNumber: String(small.partNumber),
    ETag: dialect.formatEtag(small.etag),
  })
}

/** The ETag of S3; the documentation of OSS says only that it is opaque. */
function etagOf({ dialect }: OperationContext, properties: ObjectProperties, parts: readonly StoredPart[]): string {
  const hash = createHash('md5')
  for (const { etag } of parts) hash.update(Buffer.from(etag, 'hex'))
  return `${dialect.etagOf(hash.digest('hex'), properties)}-${parts.length}`
}

function crc64Of(parts: readonly StoredPart[]): string {
  return formatCrc64(parts.reduce((crc, part) => combineCrc64(crc, BigInt(part.crc64), part.size), 0n))
}
