import { formatCrc64 } from '../../checksum/decimal.js'
import type { Answer } from '../http/answer.js'
import { randomName } from '../storage/folders.js'
import { announceObject, readCallback } from './callback/callback.js'
import type { OperationContext } from './operation.js'
import { checkWrite } from './preconditions.js'
import { receiveBody } from './body/receive-body.js'

export async function putObject(context: OperationContext): Promise<Answer> {
  const { call, dialect, limits, bucket, key, storage, guard, now } = context
  const properties = dialect.readProperties(call, 'PutObject', limits)
  const callback = readCallback(context)
  checkWrite(context)
  const object = await receiveBody(
    context,
    { maxSize: limits.maxPutSize },
    async ({ files, size, md5, crc64, checksum }) => {
      const stored = {
        bucket,
        key,
        version: randomName(),
        size,
        etag: dialect.etagOf(md5, properties),
        crc64: formatCrc64(crc64),
        checksum: checksum === undefined ? undefined : { ...checksum, type: 'FULL_OBJECT' as const },
        lastModified: now.toISOString(),
        properties,
        files,
      }
      // Checked again, synchronously with the commit, because another PUT may have completed meanwhile.
      checkWrite(context)
      await storage.objects.commit(stored, guard)
      return { ...stored, md5 }
    },
  )
  const headers = {
    ...dialect.receiptHeaders(object),
    ...dialect.encryptionHeaders(properties),
  }
  return announceObject(context, callback, object, { status: 200, headers })
}
