/** Why an earlier run's upload is not resumed. */
import type { ObjectOptions } from '../../stores/object/object-options.js'
import type { StoreDriver } from '../../stores/store-driver.js'
import type { Published } from '../publish/published.js'
import { fingerprintOf } from './fingerprint.js'
import type { CheckpointRecord, RecordedFile } from './record.js'

/** Of which upload it is. */
export interface CheckpointedUpload {
  driver: StoreDriver
  key: string
  options: ObjectOptions
  /** Bytes of the first part. */
  partSize: number
  /** Of an upload from a file, each part of which is compared by itself. */
  file?: FileOrigin | undefined
}

/** How a file is now. */
export interface FileOrigin extends RecordedFile {
  /** Whether a file of the same size and time of change is taken for the same, and its parts are not compared. */
  isTrusted: boolean
  /** Resolves with the object that an upload became which the service no longer knows, if it is made of this file. */
  findPublished(record: CheckpointRecord): Promise<Published | undefined>
}

/**
 * - `record-damaged`: the checkpoint cannot be read.
 * - `target-changed`: it is of another object, bucket, provider or endpoint.
 * - `part-size-changed`: parts would be cut elsewhere.
 * - `options-changed`: the object is to have another type, metadata, encryption or the like.
 * - `file-changed`: the file has another size or another time of change, and its content was not to be compared.
 * - `content-changed`: the very first part is made of other bytes, or all fits in one part now.
 * - `upload-gone`: the service does not know the upload any more: aborted, expired, or completed.
 */
export type RestartReason =
  | 'record-damaged'
  | 'target-changed'
  | 'part-size-changed'
  | 'options-changed'
  | 'file-changed'
  | 'content-changed'
  | 'upload-gone'

/** An upload begins anew although a checkpoint was there. */
export interface RestartNotice {
  reason: RestartReason
  message: string
  /** The earlier upload, where it could not be aborted and may still be in its bucket. */
  leftUploadId?: string
  /** Why it could not. */
  cleanupError?: Error
}

/** Undefined where the record is of this upload. `isReachable`: whether the recorded upload is in the same bucket. */
export async function differenceOf(
  record: CheckpointRecord,
  { driver, key, options, partSize, file }: CheckpointedUpload,
): Promise<{ reason: RestartReason; message: string; isReachable: boolean } | undefined> {
  const isReachable = isWithinReach(record, driver)
  if (!isReachable || record.key !== key) {
    const message = `the checkpoint is of ${record.location}, and this upload goes to ${driver.locationOf(key)}`
    return { reason: 'target-changed', message, isReachable }
  }
  if (record.partSize !== partSize) {
    const message = `parts were of ${record.partSize} bytes, and are now of ${partSize}`
    return { reason: 'part-size-changed', message, isReachable }
  }
  const { hash } = await fingerprintOf(options, record.options.salt)
  if (hash !== record.options.hash || record.checksum !== driver.partChecksum) {
    const message = 'the options of the object, or the checksum of its parts, are others than they were'
    return { reason: 'options-changed', message, isReachable }
  }
  if (file?.isTrusted === true && (file.size !== record.file?.size || file.mtimeNs !== record.file.mtimeNs)) {
    const message = 'the file has another size or time of change than it had, or is another one'
    return { reason: 'file-changed', message, isReachable }
  }
  return undefined
}

/** Whether what is recorded is in the bucket of this driver, at the same endpoint. */
export function isWithinReach({ provider, bucket, key, location }: CheckpointRecord, driver: StoreDriver): boolean {
  return provider === driver.provider && bucket === driver.bucket && location === driver.locationOf(key)
}
