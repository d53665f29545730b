/** Decides whether the upload of a previous run can be resumed. */
import type { ObjectOptions } from '../../stores/object/object-options.js'
import type { StoreDriver } from '../../stores/store-driver.js'
import type { PublishedObject } from '../publish/published-object.js'
import { fingerprintOf } from './fingerprint.js'
import type { CheckpointRecord, RecordedFile } from './upload-record.js'

/** The upload that a checkpoint is for. */
export interface CheckpointedUpload {
  driver: StoreDriver
  key: string
  options: ObjectOptions
  /** Size in bytes of the first part. */
  partSize: number
  /** The file of an upload from a file. Each of its parts is compared by itself. */
  file?: FileOrigin | undefined
}

/** The current properties of a file. */
export interface FileOrigin extends RecordedFile {
  /** Whether a file with the same size and time of change counts as unchanged, without comparing its parts. */
  isTrusted: boolean
  /** Resolves with the object of a completed upload, if it has the content of this file. */
  findPublished(record: CheckpointRecord): Promise<PublishedObject | undefined>
}

/**
 * - `record-damaged`: the checkpoint cannot be read.
 * - `target-changed`: it is for another object, bucket, provider or endpoint.
 * - `part-size-changed`: the part size is another one.
 * - `options-changed`: the options of the object, such as type, metadata or encryption, are other ones.
 * - `file-changed`: the file has another size or time of change, and its content is not compared.
 * - `content-changed`: the first part has other bytes, or the content now fits in one part.
 * - `upload-gone`: the upload no longer exists: it was aborted or completed, or has expired.
 */
export type RestartReason =
  | 'record-damaged'
  | 'target-changed'
  | 'part-size-changed'
  | 'options-changed'
  | 'file-changed'
  | 'content-changed'
  | 'upload-gone'

/** An upload that starts over although there is a checkpoint. */
export interface RestartNotice {
  reason: RestartReason
  message: string
  /** Upload ID of the previous upload, if it could not be aborted and may still be in its bucket. */
  leftUploadId?: string
  /** Why it could not be aborted. */
  cleanupError?: Error
}

/**
 * Returns why the record cannot be resumed, or undefined. `isReachable`: whether the recorded upload is in the same
 * bucket.
 */
export async function differenceOf(
  record: CheckpointRecord,
  { driver, key, options, partSize, file }: CheckpointedUpload,
): Promise<{ reason: RestartReason; message: string; isReachable: boolean } | undefined> {
  const isReachable = isWithinReach(record, driver)
  if (!isReachable || record.key !== key) {
    const message = `the checkpoint belongs to ${record.location}, and this upload goes to ${driver.locationOf(key)}`
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

/** Returns whether the recorded upload is in the bucket of this driver, at the same endpoint. */
export function isWithinReach({ provider, bucket, key, location }: CheckpointRecord, driver: StoreDriver): boolean {
  return provider === driver.provider && bucket === driver.bucket && location === driver.locationOf(key)
}
