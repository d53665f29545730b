/** The documents of ListBuckets, and of GetBucketQuota of OBS. */
import type { Answer } from '../http/answer.js'
import type { XmlNode } from '../http/xml-writer.js'
import { Refusal } from '../refusal.js'
import type { OperationContext } from './operation.js'
import { OWNER, xmlAnswer } from './xml-answer.js'

/** The creation date of buckets is not stored. */
const CREATED = new Date(Date.UTC(2020, 0, 1)).toISOString()

export function listBuckets(context: OperationContext): Answer {
  const { storage, dialect, region } = context
  const buckets = storage.objects
    .buckets()
    .map((name): XmlNode => ['Bucket', [['Name', name], ['CreationDate', CREATED], ...dialect.bucketElements(region)]])
  return xmlAnswer(context, ['ListAllMyBucketsResult', [OWNER, ['Buckets', buckets]]])
}

/** 0 means no quota. */
export function getBucketQuota(context: OperationContext): Answer {
  if (context.dialect.name !== 'obs') throw new Refusal('not-implemented', { Parameter: 'quota' })
  return xmlAnswer(context, ['Quota', [['StorageQuota', '0']]])
}
