import type { Answer } from '../http/answer.js'
import { paced } from '../http/pace.js'
import { Refusal } from '../refusal.js'
import type { StoredObject } from '../storage/stored-object.js'
import type { OperationContext } from './operation.js'
import { readTrafficLimit } from './parameters.js'
import { namesEtag } from './preconditions.js'

/** GetObject and, without the bytes, HeadObject. */
export function getObject(context: OperationContext): Answer {
  const { dialect, storage } = context
  const object = requireObject(context)
  const bytesPerSecond = readTrafficLimit(context)
  dialect.checkReadHeaders(context.call, object)
  const headers = { ...dialect.objectHeaders(object, context.call), ...overrides(context) }
  if (isUnchanged(context, object)) return { status: 304, headers: validatorsOf(headers) }
  const part = readPart(context, object)
  const range = part ?? readRange(context, object.size)
  const { start, end } = range ?? { start: 0, end: object.size }
  const chunks = storage.data.read(object.files, start, end)
  const body = {
    size: end - start,
    chunks: bytesPerSecond === undefined ? chunks : paced(chunks, bytesPerSecond, context.signal),
  }
  // A reader keeps the files of its version, even if the object is replaced meanwhile.
  context.atEnd(storage.data.hold(object.version))
  if (range === undefined) return { status: 200, headers, body }
  const contentRange = `bytes ${start}-${end - 1}/${object.size}`
  const parts = part === undefined ? {} : { 'x-amz-mp-parts-count': String(object.files.length) }
  return { status: 206, headers: { ...headers, ...parts, 'Content-Range': contentRange }, body }
}

/** Returns the bytes of the part that an S3 request selects by its position in the object. */
function readPart(
  { call, dialect }: OperationContext,
  object: StoredObject,
): { start: number; end: number } | undefined {
  const text = call.parameter('partNumber')
  if (text === undefined) return undefined
  if (dialect.name !== 's3') throw new Refusal('not-implemented', { Parameter: 'partNumber' })
  if (object.uploadId === undefined) return undefined
  const index = Number(text) - 1
  const part = object.files[index]
  if (part === undefined) throw new Refusal('range-not-satisfiable', { ActualPartCount: String(object.files.length) })
  const start = object.files.slice(0, index).reduce((sum, { size }) => sum + size, 0)
  return { start, end: start + part.size }
}

/** Returns the headers for a response without content: clients would compare a checksum with the received bytes. */
function validatorsOf(headers: Record<string, string>): Record<string, string> {
  const isKept = (name: string): boolean => !/^content-(?!location$)|checksum|hash-crc64|^accept-ranges$/i.test(name)
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isKept(name)))
}

/** Returns the object of the request. Throws `no-such-key`. */
export function requireObject({ storage, bucket, key }: OperationContext): StoredObject {
  const object = storage.objects.find(bucket, key)
  if (object === undefined) throw new Refusal('no-such-key', { Key: key })
  return object
}

/** Returns whether the client already has this version; throws `precondition-failed` if it requires another one. */
function isUnchanged({ call, dialect }: OperationContext, object: StoredObject): boolean {
  const etag = dialect.formatEtag(object.etag)
  const modified = Math.floor(Date.parse(object.lastModified) / 1000) * 1000
  const ifMatch = call.header('if-match')
  const ifUnmodifiedSince = call.header('if-unmodified-since')
  const isAnother = ifMatch !== undefined && !namesEtag(ifMatch, etag)
  const isNewer = ifUnmodifiedSince !== undefined && modified > Date.parse(ifUnmodifiedSince)
  if (isAnother || isNewer) throw new Refusal('precondition-failed')
  const ifNoneMatch = call.header('if-none-match')
  if (ifNoneMatch !== undefined) return namesEtag(ifNoneMatch, etag)
  const ifModifiedSince = call.header('if-modified-since')
  return ifModifiedSince !== undefined && modified <= Date.parse(ifModifiedSince)
}

/** Headers that the query replaces, such as `response-content-type`. */
function overrides({ call }: OperationContext): Record<string, string> {
  const prefix = 'response-'
  const pairs = call.query.filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(pairs.map(([name, value]) => [name.slice(prefix.length), value]))
}

/** Returns undefined for the whole object, which some services also send for an unsatisfiable range. */
function readRange({ call, dialect }: OperationContext, size: number): { start: number; end: number } | undefined {
  const header = call.header('range')
  if (header === undefined) return undefined
  const match = /^bytes=(\d*)-(\d*)$/.exec(header)
  const [, first = '', last = ''] = match ?? []
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size)
  if ((first !== '' || last !== '') && start < end) return { start, end }
  if (match !== null && dialect.refusesRange(call)) {
    throw new Refusal('range-not-satisfiable', { RangeRequested: header, ActualObjectSize: String(size) })
  }
  return undefined
}
