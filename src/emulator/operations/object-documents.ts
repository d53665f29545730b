/** The documents of GetObjectAcl, PutObjectAcl and GetObjectTagging. */
import type { XmlElement } from '../../shared/text/xml.js'
import type { Answer } from '../http/answer.js'
import { collectBody } from '../http/request-body.js'
import type { XmlNode } from '../http/xml-writer.js'
import { Refusal } from '../refusal.js'
import { parseDocument } from './body/parse-document.js'
import { requireObject } from './get-object.js'
import type { OperationContext } from './operation.js'
import { OWNER, xmlAnswer } from './xml-answer.js'

const MAX_DOCUMENT_BYTES = 64 * 1024
const CANNED = ['private', 'public-read', 'public-read-write', 'authenticated-read']

export function getObjectAcl(context: OperationContext): Answer {
  const { acl } = requireObject(context).properties
  return xmlAnswer(context, ['AccessControlPolicy', [OWNER, ['AccessControlList', context.dialect.grants(acl)]]])
}

export function getObjectTagging(context: OperationContext): Answer {
  const { tags } = requireObject(context).properties
  return xmlAnswer(context, ['Tagging', [['TagSet', tags.map(tagElement)]]])
}

function tagElement([name, value]: readonly [name: string, value: string]): XmlNode {
  return [
    'Tag',
    [
      ['Key', name],
      ['Value', value],
    ],
  ]
}

/** Takes a canned ACL in a header, or a document that is equivalent to one. */
export async function putObjectAcl(context: OperationContext): Promise<Answer> {
  const { call, dialect, limits, storage, guard } = context
  const body = await collectBody(context.body(), MAX_DOCUMENT_BYTES)
  const acl = body.length === 0 ? dialect.readProperties(call, 'PutObject', limits).acl : await cannedAcl(context, body)
  const object = requireObject(context)
  storage.objects.describe({ ...object, properties: { ...object.properties, acl } }, guard)
  return { status: 200, headers: {} }
}

/** Throws `not-implemented` for grants that are those of no canned ACL. */
async function cannedAcl({ dialect }: OperationContext, body: Buffer): Promise<string> {
  const root = await parseDocument(body)
  if (root.name !== 'AccessControlPolicy') throw new Refusal('malformed-xml')
  const grants = (root.child('AccessControlList')?.children('Grant') ?? []).map(grantOf).sort().join()
  const acl = CANNED.find((canned) => dialect.grants(canned).map(grantOfNode).sort().join() === grants)
  if (acl === undefined) throw new Refusal('not-implemented', { Element: 'Grant' })
  return acl
}

/** Returns the grants. Display names of owners equal their IDs. */
function grantOf(grant: XmlElement): string {
  const grantee = grant.child('Grantee')
  const who = grantee?.text('URI') ?? grantee?.text('Canned') ?? grantee?.text('ID') ?? ''
  return `${who} ${grant.text('Permission') ?? ''}`
}

function grantOfNode(node: XmlNode): string {
  const text = (nodes: readonly XmlNode[], ...path: string[]): string | undefined => {
    const [name, ...rest] = path
    const content = nodes.find(([found]) => found === name)?.[1]
    if (typeof content === 'string' || content === undefined) return rest.length === 0 ? content : undefined
    return text(content, ...rest)
  }
  const parts = typeof node[1] === 'string' ? [] : node[1]
  const who = ['URI', 'Canned', 'ID'].map((name) => text(parts, 'Grantee', name)).find((found) => found !== undefined)
  return `${who ?? ''} ${text(parts, 'Permission') ?? ''}`
}
