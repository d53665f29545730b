/** ListParts and ListMultipartUploads. */
import type { Answer } from '../../http/answer.js'
import type { XmlNode } from '../../http/xml-writer.js'
import { compareUtf8 } from '../../storage/compare-utf8.js'
import type { Upload } from '../../storage/uploads.js'
import { pageOf } from '../list-pages.js'
import type { OperationContext } from '../operation.js'
import { readInteger, readPageSize, requireUpload } from '../parameters.js'
import { readEncoding, xmlAnswer } from '../xml-answer.js'

export function listParts(context: OperationContext): Answer {
  const { bucket, key, dialect, storage } = context
  const upload = requireUpload(context)
  dialect.checkListHeaders(context.call, upload)
  const { uploadId, properties } = upload
  const encoding = readEncoding(context, 'upload')
  const maxParts = readPageSize(context, 'max-parts', 1000)
  const marker = readInteger(context, 'part-number-marker', 0, Number.MAX_SAFE_INTEGER) ?? 0
  const rest = storage.uploads.parts(uploadId).filter(({ partNumber }) => partNumber > marker)
  const page = rest.slice(0, maxParts)
  const parts = page.map((part): XmlNode => [
    'Part',
    [
      ['PartNumber', String(part.partNumber)],
      ['LastModified', part.lastModified],
      ['ETag', dialect.formatEtag(part.etag)],
      ...dialect.partElements(part, upload),
      ['Size', String(part.size)],
    ],
  ])
  return xmlAnswer(context, [
    'ListPartsResult',
    [
      ...encoding.elements,
      ['Bucket', bucket],
      ['Key', encoding.encode(key)],
      ['UploadId', uploadId],
      ...dialect.partListElements(upload),
      ['StorageClass', dialect.storageClassName(properties.storageClass)],
      ['PartNumberMarker', String(marker)],
      ['NextPartNumberMarker', String(page.at(-1)?.partNumber ?? marker)],
      ['MaxParts', String(maxParts)],
      ['IsTruncated', String(page.length < rest.length)],
      ...parts,
    ],
  ])
}

export function listMultipartUploads(context: OperationContext): Answer {
  const { call, bucket, dialect, storage } = context
  const encoding = readEncoding(context, 'bucket')
  const maxUploads = readPageSize(context, 'max-uploads', 1000)
  const prefix = call.parameter('prefix') ?? ''
  const delimiter = call.parameter('delimiter') ?? ''
  const keyMarker = call.parameter('key-marker') ?? ''
  // Without a key marker, the upload ID marker has no effect.
  const idMarker = keyMarker === '' ? '' : (call.parameter('upload-id-marker') ?? '')
  const { items, isTruncated } = pageOf<Upload>(storage.uploads.list(bucket), {
    prefix,
    delimiter,
    maxEntries: maxUploads,
    keyOf: ({ key }) => key,
    marker: keyMarker,
    isAfterMarker: ({ key, uploadId }) => {
      const order = compareUtf8(key, keyMarker)
      return order > 0 || (order === 0 && idMarker !== '' && compareUtf8(uploadId, idMarker) > 0)
    },
  })
  const last = items.at(-1)
  return xmlAnswer(context, [
    'ListMultipartUploadsResult',
    [
      ...encoding.elements,
      ['Bucket', bucket],
      ['KeyMarker', encoding.encode(keyMarker)],
      ['UploadIdMarker', idMarker],
      ['NextKeyMarker', encoding.encode(last?.type === 'entry' ? last.entry.key : (last?.prefix ?? ''))],
      ['NextUploadIdMarker', last?.type === 'entry' ? last.entry.uploadId : ''],
      ['Delimiter', encoding.encode(delimiter)],
      ['Prefix', encoding.encode(prefix)],
      ['MaxUploads', String(maxUploads)],
      ['IsTruncated', String(isTruncated)],
      ...items.map((item) => (item.type === 'prefix' ? prefixElement(item.prefix) : uploadElement(item.entry))),
    ],
  ])

  function prefixElement(common: string): XmlNode {
    return ['CommonPrefixes', [['Prefix', encoding.encode(common)]]]
  }

  function uploadElement(upload: Upload): XmlNode {
    const { key, uploadId, initiated } = upload
    return [
      'Upload',
      [
        ['Key', encoding.encode(key)],
        ['UploadId', uploadId],
        ...dialect.uploadElements(upload),
        ['Initiated', initiated],
      ],
    ]
  }
}
