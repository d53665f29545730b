/** The documents of GetObjectAcl and GetObjectTagging. */
import type { Answer } from '../http/answer.js'
import type { XmlNode } from '../http/xml-writer.js'
import { requireObject } from './get-object.js'
import type { OperationContext } from './operation.js'
import { OWNER, xmlAnswer } from './xml-answer.js'

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
