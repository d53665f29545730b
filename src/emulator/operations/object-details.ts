/** GetObjectAcl, GetObjectTagging and DeleteObject. */
import type { Answer } from '../http/answer.js'
import type { XmlNode } from '../http/xml-writer.js'
import { requireObject } from './get-object.js'
import type { OperationContext } from './operation.js'

/** The one user of the emulator. */
export const OWNER: XmlNode = [
  'Owner',
  [
    ['ID', '0022012000000000'],
    ['DisplayName', 'emulator'],
  ],
]

export function getObjectAcl(context: OperationContext): Answer {
  const { acl } = requireObject(context).properties
  return xmlAnswer(context, ['AccessControlPolicy', [OWNER, ['AccessControlList', [['Grant', acl]]]]])
}

export function getObjectTagging(context: OperationContext): Answer {
  const { tags } = requireObject(context).properties
  const elements = tags.map(([name, value]): XmlNode => [
    'Tag',
    [
      ['Key', name],
      ['Value', value],
    ],
  ])
  return xmlAnswer(context, ['Tagging', [['TagSet', elements]]])
}

/** Deleting what is not there succeeds as well. */
export async function deleteObject({ storage, bucket, key }: OperationContext): Promise<Answer> {
  await storage.objects.remove(bucket, key)
  return { status: 204, headers: {} }
}

export function xmlAnswer({ dialect }: OperationContext, root: XmlNode, headers: Record<string, string> = {}): Answer {
  return { status: 200, headers: { 'Content-Type': 'application/xml', ...headers }, body: dialect.writeXml(root) }
}
