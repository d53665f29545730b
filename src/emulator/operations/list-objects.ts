/** ListObjects, and with `list-type=2` ListObjectsV2. */
import { Buffer } from 'node:buffer'
import type { Answer } from '../http/answer.js'
import type { XmlNode } from '../http/xml-writer.js'
import { compareUtf8 } from '../storage/compare-utf8.js'
import { pageOf } from './list-pages.js'
import type { OperationContext } from './operation.js'
import { readPageSize } from './parameters.js'
import { OWNER, readEncoding, xmlAnswer } from './xml-answer.js'

export function listObjects(context: OperationContext): Answer {
  const { call, bucket, storage, dialect } = context
  const isSecond = call.parameter('list-type') === '2'
  const encoding = readEncoding(context, 'bucket')
  const maxKeys = readPageSize(context, 'max-keys', dialect.keysPerPage)
  const prefix = call.parameter('prefix') ?? ''
  const delimiter = call.parameter('delimiter') ?? ''
  const marker = (isSecond ? startOfSecond() : call.parameter('marker')) ?? ''
  const { items, isTruncated } = pageOf<string>(storage.objects.list(bucket), {
    prefix,
    delimiter,
    maxEntries: maxKeys,
    keyOf: (key) => key,
    marker,
    isAfterMarker: (key) => compareUtf8(key, marker) > 0,
  })
  const last = items.at(-1)
  const next = last?.type === 'entry' ? last.entry : (last?.prefix ?? '')
  return xmlAnswer(context, [
    'ListBucketResult',
    [
      ['Name', bucket],
      ...encoding.elements,
      ['Prefix', encoding.encode(prefix)],
      ['MaxKeys', String(maxKeys)],
      ['Delimiter', encoding.encode(delimiter)],
      ['IsTruncated', String(isTruncated)],
      ...(isSecond ? markersOfSecond() : markersOfFirst()),
      ...items.map((item) => (item.type === 'prefix' ? prefixElement(item.prefix) : objectElement(item.entry))),
    ],
  ])

  function startOfSecond(): string | undefined {
    const token = call.parameter('continuation-token')
    return token === undefined ? call.parameter('start-after') : Buffer.from(token, 'base64').toString()
  }

  function markersOfFirst(): XmlNode[] {
    const markers: XmlNode[] = [['Marker', encoding.encode(marker)]]
    return isTruncated ? [...markers, ['NextMarker', encoding.encode(next)]] : markers
  }

  function markersOfSecond(): XmlNode[] {
    const token = call.parameter('continuation-token')
    return [
      ['StartAfter', encoding.encode(call.parameter('start-after') ?? '')],
      ['KeyCount', String(items.length)],
      ...(token === undefined ? [] : [['ContinuationToken', token] as const]),
      ...(isTruncated ? [['NextContinuationToken', Buffer.from(next).toString('base64')] as const] : []),
    ]
  }

  function prefixElement(common: string): XmlNode {
    return ['CommonPrefixes', [['Prefix', encoding.encode(common)]]]
  }

  function objectElement(key: string): XmlNode {
    const object = storage.objects.find(bucket, key)
    if (object === undefined) throw new Error('a listed key has no object')
    const withOwner = !isSecond || call.parameter('fetch-owner') === 'true'
    return [
      'Contents',
      [
        ['Key', encoding.encode(key)],
        ['LastModified', object.lastModified],
        ['ETag', dialect.formatEtag(object.etag)],
        ...dialect.objectElements(object),
        ['Size', String(object.size)],
        ['StorageClass', dialect.storageClassName(object.properties.storageClass)],
        ...(withOwner ? [OWNER] : []),
      ],
    ]
  }
}
