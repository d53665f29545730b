/** DeleteObject and DeleteObjects. */
import type { XmlElement } from '../../shared/text/xml.js'
import type { Answer } from '../http/answer.js'
import { collectBody } from '../http/request-body.js'
import type { XmlNode } from '../http/xml-writer.js'
import { Refusal } from '../refusal.js'
import { checkDigest } from './body/document-digest.js'
import { parseDocument } from './body/parse-document.js'
import type { OperationContext } from './operation.js'
import { checkWrite } from './preconditions.js'
import { readEncoding, xmlAnswer } from './xml-answer.js'

/** Enough for a thousand keys of 1,024 bytes, with each byte as a reference. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
const MAX_KEYS = 1000

/** Deleting an object that does not exist succeeds, too. */
export async function deleteObject(context: OperationContext): Promise<Answer> {
  const { storage, bucket, key } = context
  checkWrite(context)
  await storage.objects.remove(bucket, key)
  return { status: 204, headers: {} }
}

export async function deleteObjects(context: OperationContext): Promise<Answer> {
  const { storage, bucket } = context
  const document = await collectBody(context.body(), MAX_DOCUMENT_BYTES)
  checkDigest(context, document)
  const root = await parseDocument(document)
  const keys = root.children('Object').map(keyOf)
  if (root.name !== 'Delete' || keys.length === 0 || keys.length > MAX_KEYS) throw new Refusal('malformed-xml')
  const encoding = readEncoding(context, 'bucket')
  for (const key of keys) await storage.objects.remove(bucket, key)
  const deleted = keys.map((key): XmlNode => ['Deleted', [['Key', encoding.encode(key)]]])
  const isQuiet = root.text('Quiet')?.trim().toLowerCase() === 'true'
  return xmlAnswer(context, ['DeleteResult', [...encoding.elements, ...(isQuiet ? [] : deleted)]])
}

/** Throws `not-implemented` for any version other than the only one. */
function keyOf(element: XmlElement): string {
  const key = element.text('Key')
  if (key === undefined || key === '') throw new Refusal('malformed-xml')
  const version = element.text('VersionId') ?? ''
  if (!['', 'null'].includes(version)) throw new Refusal('not-implemented', { Element: 'VersionId' })
  return key
}
