/** What the option `checkpoint` of the upload of a file means. */
import { stat } from 'node:fs/promises'
import type { ObjectOptions } from '../../../stores/object/object-options.js'
import type { StoreDriver } from '../../../stores/store-driver.js'
import { reading } from '../../../shared/check-option.js'
import { toError, UploadError } from '../../../shared/errors.js'
import {
  type AliOssCheckpoint,
  checkAliOssCheckpoint,
  ConvertedCheckpoint,
  isAliOssCheckpoint,
} from '../ali-oss-checkpoint.js'
import { CheckpointFile } from '../../../checkpoint/checkpoint-file.js'
import { checkpointStoreOf } from '../checkpoint-option.js'
import type { CheckpointStore, LockableStore } from '../../../checkpoint/checkpoint-store.js'
import { isUploadRecord } from '../upload-record.js'
import { defaultCheckpointPath, prepareFolderOf } from './default-checkpoint.js'

/** Whether and where the upload of a file is recorded: see `FileUploadOptions.checkpoint`. */
export type FileCheckpointOption = boolean | string | CheckpointStore | AliOssCheckpoint

/** The place of a checkpoint, as far as the option determines it. */
export type FileCheckpoint =
  | { kind: 'none' }
  /** `isOptional`: if nothing can be written, the upload has no checkpoint. */
  | { kind: 'default'; isOptional: boolean }
  | { kind: 'store'; store: LockableStore }
  | { kind: 'ali-oss'; checkpoint: AliOssCheckpoint }

/** Throws UploadError if the option is none. */
export function checkFileCheckpoint(
  option: FileCheckpointOption | undefined,
  key: string,
  driver: StoreDriver,
): FileCheckpoint {
  if (option === undefined || option === true) return { kind: 'default', isOptional: option === undefined }
  if (option === false) return { kind: 'none' }
  const found = reading('checkpoint', () => aliOssCheckpointOf(option, key, driver))
  if (found !== undefined) return { kind: 'ali-oss', checkpoint: found }
  return { kind: 'store', store: checkpointStoreOf(option) }
}

function aliOssCheckpointOf(
  option: string | CheckpointStore | AliOssCheckpoint,
  key: string,
  driver: StoreDriver,
): AliOssCheckpoint | undefined {
  const isOne = typeof option === 'object' && (option as unknown) !== null && isAliOssCheckpoint(option)
  return isOne ? checkAliOssCheckpoint(option, key, driver) : undefined
}

/** Returns the place. `isMultipart`: whether there will be anything to record. Throws UploadError. */
export async function openFileCheckpoint(
  found: FileCheckpoint,
  upload: { driver: StoreDriver; key: string; file: string; options: ObjectOptions; isMultipart: boolean },
): Promise<LockableStore | undefined> {
  const { driver, key, file, options, isMultipart } = upload
  const place = defaultCheckpointPath(file, driver.locationOf(key))
  switch (found.kind) {
    case 'none':
      return undefined
    case 'store':
      return found.store
    case 'default':
      return defaultCheckpoint(place, isMultipart, found.isOptional)
    case 'ali-oss':
      return new ConvertedCheckpoint(
        found.checkpoint,
        driver,
        options,
        await defaultCheckpoint(place, isMultipart, true),
      )
  }
}

async function defaultCheckpoint(
  place: string,
  isMultipart: boolean,
  isOptional: boolean,
): Promise<LockableStore | undefined> {
  try {
    // What needs no record may all the same have left one, when it was larger.
    if (isMultipart) await prepareFolderOf(place)
    else await stat(place)
    const store = new CheckpointFile(place, isUploadRecord)
    // Where another upload of the same file to the same place has it, this one is none the worse for having none.
    if (isOptional) await store.lock()
    return store
  } catch (error) {
    if (isOptional || !isMultipart) return undefined
    const cause = toError(error)
    throw new UploadError('CHECKPOINT_FAILED', `the checkpoint cannot be created: ${cause.message}`, { cause })
  }
}
