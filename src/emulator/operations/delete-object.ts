import type { Answer } from '../http/answer.js'
import type { OperationContext } from './operation.js'

/** Deleting what is not there succeeds as well. */
export async function deleteObject({ storage, bucket, key }: OperationContext): Promise<Answer> {
  await storage.objects.remove(bucket, key)
  return { status: 204, headers: {} }
}
