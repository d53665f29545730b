/** CopyObject, within a bucket or from another one. */
import { formatCrc64 } from '../../checksum/decimal.js'
import type { Answer } from '../http/answer.js'
import { decodeUri } from '../http/call.js'
import { invalidArgument, Refusal } from '../refusal.js'
import { randomName } from '../storage/folders.js'
import type { ObjectProperties, StoredObject } from '../storage/stored-object.js'
import type { OperationContext } from './operation.js'
import { checkWrite } from './preconditions.js'
import { xmlAnswer } from './xml-answer.js'

export async function copyObject(context: OperationContext): Promise<Answer> {
  const { dialect, bucket, key, storage, guard, now } = context
  const source = requireSource(context)
  const properties = propertiesOf(context, source)
  checkWrite(context)
  context.atEnd(storage.data.hold(source.version))
  const { files, size, md5, crc64 } = await storage.data.receive(storage.data.read(source.files, 0, source.size), guard)
  const copy = {
    bucket,
    key,
    version: randomName(),
    size,
    etag: dialect.etagOf(md5, properties),
    crc64: formatCrc64(crc64),
    checksum: source.checksum?.type === 'FULL_OBJECT' ? source.checksum : undefined,
    lastModified: now.toISOString(),
    properties,
    files,
  }
  try {
    // Checked again, synchronously with the commit, because another request may have completed meanwhile.
    checkWrite(context)
    await storage.objects.commit(copy, guard)
  } catch (error) {
    await storage.data.discard(files)
    throw error
  }
  const headers = { ...dialect.receiptHeaders(copy), ...dialect.encryptionHeaders(properties) }
  return xmlAnswer(
    context,
    [
      'CopyObjectResult',
      [
        ['LastModified', copy.lastModified],
        ['ETag', dialect.formatEtag(copy.etag)],
      ],
    ],
    headers,
  )
}

/** Throws if the source is missing or does not exist. */
function requireSource({ call, dialect, storage }: OperationContext): StoredObject {
  const name = `${dialect.headerPrefix}copy-source`
  const header = call.header(name) ?? ''
  const [path = '', version] = header.split('?versionId=')
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decodeUri(path)) ?? []
  if (bucket === undefined || key === undefined) throw invalidArgument(name, header)
  if (version !== undefined && version !== 'null') throw new Refusal('not-implemented', { Header: name })
  const object = storage.objects.find(bucket, key)
  if (object === undefined) throw new Refusal('no-such-key', { Key: key })
  dialect.checkReadHeaders(call, object)
  return object
}

/** Headers and metadata are those of the source, unless the request replaces them; the rest comes from the request. */
function propertiesOf({ call, dialect, limits }: OperationContext, source: StoredObject): ObjectProperties {
  const asked = dialect.readProperties(call, 'PutObject', limits)
  const replaces = (what: string): boolean =>
    call.header(`${dialect.headerPrefix}${what}-directive`)?.toUpperCase() === 'REPLACE'
  const { headers, metadata, tags } = source.properties
  return {
    ...asked,
    ...(replaces('metadata') ? {} : { headers, metadata }),
    ...(replaces('tagging') ? {} : { tags }),
  }
}
